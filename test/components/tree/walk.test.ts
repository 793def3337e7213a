import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import type { Skipped } from '../../../components/tree/describe';
import { type WalkOptions, walkTree } from '../../../components/tree/walk';
import { pathBytes, type TreeEntry } from '../../../domain/tree';
import { asRoot, below, oddNames, temporaryFolder, writeSparse } from './sample';

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

async function walk(options?: WalkOptions): Promise<{ entries: TreeEntry[]; skipped: Skipped['skipped'][] }> {
  const [entries, skipped]: [TreeEntry[], Skipped['skipped'][]] = [[], []];
  for await (const found of walkTree('0', Buffer.from(folder), options)) {
    if ('skipped' in found) skipped.push(found.skipped);
    else entries.push(found);
  }
  return { entries, skipped };
}

const names = (entries: TreeEntry[]): string[] => entries.map((entry) => pathBytes(entry.path).toString('latin1'));

test('a directory comes before what it holds, names in the order of their bytes', async () => {
  fs.mkdirSync(path.join(folder, 'b/c'), { recursive: true });
  for (const name of ['b.txt', 'a', 'B', 'b/z', 'b/c/y']) fs.writeFileSync(path.join(folder, name), '');
  fs.writeFileSync(below(folder, oddNames.latin1), '');
  fs.writeFileSync(below(folder, Buffer.from([0xff])), '');
  const { entries } = await walk();
  expect(names(entries)).toEqual(['', 'B', 'a', 'b', 'b/c', 'b/c/y', 'b/z', 'b.txt', 'caf\xe9.txt', '\xff']);
});

test('a socket is named as skipped, a FIFO is an entry and is never opened', async () => {
  execFileSync('mkfifo', [path.join(folder, 'pipe')]);
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(path.join(folder, 'socket'), resolve));
  const { entries, skipped } = await walk();
  await new Promise((resolve) => server.close(resolve));
  expect(entries.map((entry) => entry.type)).toEqual(['directory', 'fifo']);
  expect(skipped).toEqual([{ path: 'socket', reason: expect.stringContaining('socket') }]);
});

(asRoot ? test : test.skip)('a device is named as skipped', async () => {
  try {
    execFileSync('mknod', [path.join(folder, 'null'), 'c', '1', '3'], { stdio: 'ignore' });
  } catch {
    // Not even root may in some containers: then there is a device at hand already.
    for await (const found of walkTree('0', Buffer.from('/dev/null'))) expect(found).toHaveProperty('skipped');
    return;
  }
  expect((await walk()).skipped).toEqual([{ path: 'null', reason: expect.stringContaining('device') }]);
});

test('links are entries and are not followed, not even to directories', async () => {
  fs.symlinkSync('/etc', path.join(folder, 'out'));
  fs.symlinkSync(Buffer.from([0xfe, 0x2f, 0xff]), path.join(folder, 'odd'));
  const { entries } = await walk();
  expect(names(entries)).toEqual(['', 'odd', 'out']);
  expect(entries[1]?.target).toEqual({ b64: Buffer.from([0xfe, 0x2f, 0xff]).toString('base64') });
  expect(entries[2]?.target).toBe('/etc');
});

test('what is excluded is not there, or is an empty directory', async () => {
  for (const name of ['wal', 'tmp', 'base']) {
    fs.mkdirSync(path.join(folder, name));
    fs.writeFileSync(path.join(folder, name, 'file'), '');
  }
  const { entries } = await walk({
    exclude: (relative, isDirectory) => {
      if (relative.equals(Buffer.from('tmp')) && isDirectory) return 'skip';
      return relative.equals(Buffer.from('wal')) ? 'keep-empty' : undefined;
    },
  });
  expect(names(entries)).toEqual(['', 'base', 'base/file', 'wal']);
});

test('the second name of a file is a hard link to the first, and plain details leave that and holes aside', async () => {
  fs.mkdirSync(path.join(folder, 'd'));
  fs.writeFileSync(path.join(folder, 'd/one'), 'x');
  fs.linkSync(path.join(folder, 'd/one'), path.join(folder, 'two'));
  writeSparse(path.join(folder, 'holes'), 1024 * 1024, [[512 * 1024, 4096]]);
  const full = await walk();
  expect(full.entries.find((entry) => entry.path === 'two')).toMatchObject({ type: 'hardlink', target: 'd/one' });
  expect(full.entries.find((entry) => entry.path === 'holes')?.extents).toEqual([{ offset: 512 * 1024, length: 4096 }]);
  const plain = await walk({ details: 'plain' });
  expect(plain.entries.map((entry) => entry.type)).toEqual(['directory', 'directory', 'file', 'file', 'file']);
  expect(plain.entries.some((entry) => entry.extents !== undefined)).toBe(false);
});

test('a file with very many holes lists a limited number of stretches that cover all of its data', async () => {
  const count = 5000;
  const size = count * 128 * 1024;
  writeSparse(
    path.join(folder, 'holes'),
    size,
    Array.from({ length: count }, (_, index) => [index * 128 * 1024, 4096]),
  );
  const { entries } = await walk();
  const extents = entries[1]?.extents ?? [];
  expect(extents.length).toBeLessThanOrEqual(2048);
  const covered = (at: number): boolean =>
    extents.some(({ offset, length }) => offset <= at && at + 4096 <= offset + length);
  expect(Array.from({ length: count }, (_, index) => index * 128 * 1024).every(covered)).toBe(true);
});

test('what vanishes while it is walked is left out', async () => {
  for (const name of ['a', 'b', 'c']) fs.mkdirSync(path.join(folder, name));
  fs.writeFileSync(path.join(folder, 'b/file'), '');
  const seen: string[] = [];
  for await (const found of walkTree('0', Buffer.from(folder))) {
    if ('skipped' in found) continue;
    seen.push(String(found.path));
    if (found.path === 'a') fs.rmSync(path.join(folder, 'c'), { recursive: true });
    if (found.path === 'b') fs.rmSync(path.join(folder, 'b'), { recursive: true });
  }
  expect(seen).toEqual(['', 'a', 'b']);
});

test('a directory that is swapped for a link meanwhile is not followed', async () => {
  fs.mkdirSync(path.join(folder, 'a'));
  const seen: string[] = [];
  for await (const found of walkTree('0', Buffer.from(folder))) {
    if ('skipped' in found) continue;
    seen.push(String(found.path));
    if (found.path === 'a') {
      fs.rmdirSync(path.join(folder, 'a'));
      fs.symlinkSync('/etc', path.join(folder, 'a'));
    }
  }
  expect(seen).toEqual(['', 'a']);
});

test('a walk that is given up closes its directories', async () => {
  fs.mkdirSync(path.join(folder, 'a/b/c'), { recursive: true });
  const open = () => fs.readdirSync('/proc/self/fd').length;
  const before = open();
  for await (const found of walkTree('0', Buffer.from(folder))) {
    if ('path' in found && found.path === 'a/b') break;
  }
  expect(open()).toBe(before);
});

test('a root that is not there is an error', async () => {
  const gone = walkTree('0', Buffer.from(path.join(folder, 'gone')));
  await expect(gone.next()).rejects.toMatchObject({ code: 'source_unreadable' });
});
