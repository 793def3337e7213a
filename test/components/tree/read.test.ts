import fs from 'node:fs';
import path from 'node:path';
import { openSlice, rootDirs, withFreshStamp } from '../../../components/tree/read';
import { walkTree } from '../../../components/tree/walk';
import type { Slice } from '../../../domain/tree';
import { readBytes } from '../../../repository/packs/slice-reader';
import { readOne } from './round-trip';
import { bytes, temporaryFolder } from './sample';

let folder: string;
const dirs = () => rootDirs({ '0': folder });
const at = (name: string): string => path.join(folder, name);

beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

async function sliceOf(name: string, part: Partial<Slice> = {}): Promise<Slice> {
  for await (const found of walkTree('0', Buffer.from(folder))) {
    if ('skipped' in found || found.path !== name) continue;
    const { size, ino, mtimeNs, ctimeNs } = found;
    const whole = { root: '0', path: found.path, offset: 0, length: size, mayChange: false };
    return { ...whole, stamp: { size, ino, mtimeNs, ctimeNs }, ...part };
  }
  throw new Error(`no ${name}`);
}

test('a slice is exactly its stretch of the file', async () => {
  const contents = bytes(3_000_000);
  fs.writeFileSync(at('file'), contents);
  const read = readOne(await sliceOf('file', { offset: 1_000_001, length: 1_500_000 }), dirs());
  expect(read.bytes.equals(contents.subarray(1_000_001, 2_500_001))).toBe(true);
  expect(read.slice.outcome).toBe('ok');
  expect(read.slice.stamp?.size).toBe(3_000_000);
});

test('a file that grew, or kept its size, before it was read is reported, and a second reading with its stamp is good', async () => {
  fs.writeFileSync(at('file'), 'before');
  const slice = await sliceOf('file');
  fs.writeFileSync(at('file'), 'after!');
  const first = readOne(slice, dirs());
  expect(first.slice.outcome).toBe('changed');
  const again = readOne(withFreshStamp(slice, first.slice.stamp ?? slice.stamp), dirs());
  expect(again.slice.outcome).toBe('ok');
  expect(again.bytes.toString()).toBe('after!');
});

test('an edit that keeps size and modification time is noticed', async () => {
  fs.writeFileSync(at('file'), 'before');
  fs.utimesSync(at('file'), 1000, 1000);
  const slice = await sliceOf('file');
  fs.writeFileSync(at('file'), 'after!');
  fs.utimesSync(at('file'), 1000, 1000);
  expect(readOne(slice, dirs()).slice.outcome).toBe('changed');
});

test('a file that changes between two reads is reported', async () => {
  fs.writeFileSync(at('file'), bytes(readBytes * 2));
  const reader = openSlice(await sliceOf('file'), dirs());
  const buffer = Buffer.alloc(readBytes);
  reader.read(buffer);
  const fd = fs.openSync(at('file'), 'r+');
  fs.writeSync(fd, 'x', 0);
  fs.closeSync(fd);
  reader.read(buffer);
  expect(reader.read(buffer)).toBe(0);
  expect(reader.finish().outcome).toBe('changed');
});

test('where change is in order only a loss of bytes is told', async () => {
  fs.writeFileSync(at('file'), bytes(20_000));
  const slice = await sliceOf('file', { mayChange: true });
  fs.appendFileSync(at('file'), 'more');
  expect(readOne(slice, dirs()).slice).toMatchObject({ outcome: 'ok', length: 20_000 });
  fs.truncateSync(at('file'), 12_345);
  expect(readOne(slice, dirs()).slice).toMatchObject({ outcome: 'shrunk', length: 12_345 });
  fs.rmSync(at('file'));
  const gone = readOne(slice, dirs()).slice;
  expect(gone).toMatchObject({ outcome: 'vanished', length: 0 });
  expect(gone.stamp).toBeUndefined();
});

test('a file that has become a directory, a link, or whose directory has become a link, has vanished', async () => {
  fs.mkdirSync(at('d'));
  fs.writeFileSync(at('d/file'), 'x');
  fs.writeFileSync(at('file'), 'x');
  const [inside, outside] = [await sliceOf('d/file'), await sliceOf('file')];
  fs.rmSync(at('file'));
  fs.symlinkSync('/etc/hostname', at('file'));
  expect(readOne(outside, dirs()).slice.outcome).toBe('vanished');
  fs.rmSync(at('file'));
  fs.mkdirSync(at('file'));
  expect(readOne(outside, dirs()).slice.outcome).toBe('vanished');
  fs.renameSync(at('d'), at('elsewhere'));
  fs.symlinkSync('elsewhere', at('d'));
  expect(readOne(inside, dirs()).slice.outcome).toBe('vanished');
});

test('readers close what they open', async () => {
  fs.writeFileSync(at('file'), 'x');
  const slice = await sliceOf('file');
  const open = () => fs.readdirSync('/proc/self/fd').length;
  const before = open();
  for (let round = 0; round < 5; round++) readOne(slice, dirs());
  fs.rmSync(at('file'));
  for (let round = 0; round < 5; round++) readOne(slice, dirs());
  expect(open()).toBe(before);
});
