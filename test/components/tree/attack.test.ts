import fs from 'node:fs';
import path from 'node:path';
import { finishTree } from '../../../components/tree/finish';
import { openPlacer } from '../../../components/tree/place';
import { prepareTree } from '../../../components/tree/prepare';
import { rootDirs } from '../../../components/tree/read';
import type { StoredSlice, TreeEntry, TreePath } from '../../../domain/tree';
import { temporaryFolder } from './sample';

let [folder, target, outside] = ['', '', ''];
const dirs = () => rootDirs({ '0': target });

beforeEach(() => {
  folder = temporaryFolder();
  [target, outside] = [path.join(folder, 'target'), path.join(folder, 'outside')];
  fs.mkdirSync(target);
  fs.mkdirSync(outside);
  fs.writeFileSync(path.join(outside, 'victim'), 'precious');
  fs.chmodSync(path.join(outside, 'victim'), 0o644);
});
afterEach(() => {
  const left = fs.readdirSync(folder).toSorted();
  const victims = fs.readdirSync(outside);
  const contents = fs.readFileSync(path.join(outside, 'victim'), 'utf8');
  const mode = fs.statSync(path.join(outside, 'victim')).mode & 0o7777;
  fs.rmSync(folder, { recursive: true, force: true });
  // Whatever was tried, nothing outside the target was touched.
  expect({ left, victims, contents, mode }).toEqual({
    left: ['outside', 'target'],
    victims: ['victim'],
    contents: 'precious',
    mode: 0o644,
  });
});

function entry(type: TreeEntry['type'], at: TreePath, target?: TreePath): TreeEntry {
  const stamp = { size: type === 'file' ? 4 : 0, ino: '1', mtimeNs: '1000000000', ctimeNs: '1' };
  const made: TreeEntry = { root: '0', path: at, type, mode: 0o777, uid: 0, gid: 0, ...stamp };
  return target === undefined ? made : { ...made, target };
}

function slice(at: TreePath): StoredSlice {
  return { root: '0', path: at, offset: 0, length: 4, at: 0, sha256: '', crc32c: 0, outcome: 'ok' };
}

async function restore(entries: TreeEntry[]): Promise<void> {
  await prepareTree(entries, dirs());
  const placer = openPlacer(dirs());
  try {
    for (const one of entries) if (one.type === 'file') placer.open(slice(one.path)).write(Buffer.from('evil'), 0);
  } finally {
    placer.close();
  }
  await finishTree(() => entries, dirs());
}

const b64 = (text: string): TreePath => ({ b64: Buffer.from(text, 'latin1').toString('base64') });

const badPaths: TreePath[] = [
  '../outside/victim',
  'a/../../outside/victim',
  '/etc/holdfast-evil',
  'a//b',
  './a',
  'a/.',
  'a/',
  '..',
  '.',
  'a\0b',
  b64('../outside/victim'),
  b64('a\0/../../outside/victim'),
];

describe.each(badPaths.map((bad) => [JSON.stringify(bad), bad] as const))('the path %s', (_, bad) => {
  test.each(['file', 'directory', 'symlink', 'fifo', 'hardlink'] as const)('is refused for a %s', async (type) => {
    await expect(restore([entry(type, bad, 'x')])).rejects.toMatchObject({ code: 'unsafe_path' });
  });

  test('is refused by the placer alone', () => {
    expect(() => openPlacer(dirs()).open(slice(bad)).write(Buffer.from('evil'), 0)).toThrow(
      expect.objectContaining({ code: 'unsafe_path' }),
    );
  });

  test('is refused by finishing alone, and as the target of a hard link', async () => {
    await expect(finishTree(() => [entry('file', bad)], dirs())).rejects.toMatchObject({ code: 'unsafe_path' });
    const link = entry('hardlink', 'link', bad);
    await expect(finishTree(() => [link], dirs())).rejects.toMatchObject({ code: 'unsafe_path' });
  });
});

const linked: [string, TreeEntry[]][] = [
  ['a file through a link made before it', [entry('symlink', 'out', '../outside'), entry('file', 'out/victim')]],
  ['an empty file through a link', [entry('symlink', 'out', '../outside'), { ...entry('file', 'out/new'), size: 0 }]],
  ['a directory through a link', [entry('symlink', 'out', '../outside'), entry('directory', 'out/new')]],
  ['a link through a link', [entry('symlink', 'out', '../outside'), entry('symlink', 'out/new', 'x')]],
  ['a FIFO through a link', [entry('symlink', 'out', '../outside'), entry('fifo', 'out/new')]],
  ['a hard link to a file through a link', [entry('symlink', 'o', '../outside'), entry('hardlink', 'h', 'o/victim')]],
  ['a hard link to a link', [entry('symlink', 'o', '../outside/victim'), entry('hardlink', 'h', 'o')]],
  ['a directory and a link of one name', [entry('directory', 'x'), entry('symlink', 'x', '../outside')]],
];

test.each(linked)('%s is refused, also a second time', async (_, entries) => {
  await restore(entries).catch(() => undefined);
  await expect(restore(entries)).rejects.toMatchObject({ code: expect.stringMatching(/unsafe_path|restore_failed/) });
  await expect(finishTree(() => entries, dirs())).rejects.toMatchObject({
    code: expect.stringMatching(/unsafe_path|restore_failed/),
  });
});

test.each(['file', 'directory'] as const)('a link that stands in the place of a %s is not followed', async (type) => {
  fs.symlinkSync(type === 'file' ? '../outside/victim' : '../outside', path.join(target, 'x'));
  await expect(restore([entry(type, 'x')])).rejects.toMatchObject({ code: 'unsafe_path' });
  const alone = finishTree(() => [entry(type, 'x')], dirs());
  await expect(alone).rejects.toMatchObject({ code: 'unsafe_path' });
});

test('a directory that becomes a link between two slices is not followed', () => {
  const placer = openPlacer(dirs());
  placer.open(slice('d/one')).write(Buffer.from('fine'), 0);
  fs.renameSync(path.join(target, 'd'), path.join(target, 'moved'));
  fs.symlinkSync('../outside', path.join(target, 'd'));
  expect(() => placer.open(slice('d/victim')).write(Buffer.from('evil'), 0)).toThrow(
    expect.objectContaining({ code: 'unsafe_path' }),
  );
  placer.close();
});

test('an entry of a tree that was never named is refused', async () => {
  await expect(restore([{ ...entry('file', 'x'), root: '1' }])).rejects.toMatchObject({ code: 'invalid_backup' });
  await expect(restore([{ ...entry('file', 'x'), root: '__proto__' }])).rejects.toMatchObject({
    code: 'invalid_backup',
  });
});

test('a FIFO that stands in the place of a file does not stop the restore for ever', async () => {
  const pipe = entry('fifo', 'x');
  await finishTree(() => [pipe], dirs());
  expect(() => openPlacer(dirs()).open(slice('x')).write(Buffer.from('evil'), 0)).toThrow(
    expect.objectContaining({ code: 'unsafe_path' }),
  );
});

test('a link in the place of the root is refused: what comes after it would go through it', async () => {
  const link = { ...entry('symlink', ''), target: '/tmp' };
  await expect(restore([link, entry('file', 'x')])).rejects.toMatchObject({ code: 'unsafe_path' });
});
