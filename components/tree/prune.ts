/**
 * Takes out of a target that holds data already what the backup does not have: before a restore over it (delta), so that the
 * end is the backup's tree and nothing else. What is of another type than in the backup goes too, and a second name of a file
 * that in the backup is a file of its own.
 *
 * Guaranteed: no link is followed; may run twice, also after placing; sockets and devices stay.
 * Not guaranteed: anything about a file that has another name outside the target: both names get the restored bytes.
 * Memory: one directory's names a level, and a short mark for every entry of the root.
 */
import fs from 'node:fs';
import { type EntryType, pathBytes, showPath, type TreeEntry } from '../../domain/tree';
import { removeTree } from './children';
import { locate } from './locate';
import { closeOpened } from './native';
import { placingError } from './placing-error';
import { type RootDirs, rootPath } from './read';
import { walkTree } from './walk';

/**
 * @param entries all entries of the component
 * @param keep relative paths that stay whatever they are, with what is in them
 * @returns how many things were removed (a directory with everything in it counts as one)
 * @throws HoldfastError `restore_failed`
 */
export async function pruneTree(
  entries: Iterable<TreeEntry> | AsyncIterable<TreeEntry>,
  dirs: RootDirs,
  keep: (root: string, relative: Buffer) => boolean = () => false,
): Promise<number> {
  const wanted = new Map<string, EntryType>();
  for await (const { root, path, type } of entries) wanted.set(keyOf(root, pathBytes(path)), type);
  let removed = 0;
  for (const root of Object.keys(dirs)) removed += await pruneRoot(root, rootPath(dirs, root), wanted, keep);
  return removed;
}

async function pruneRoot(
  root: string,
  dir: Buffer,
  wanted: Map<string, EntryType>,
  keep: (root: string, relative: Buffer) => boolean,
): Promise<number> {
  if (!fs.existsSync(dir)) return 0;
  let removed = 0;
  const exclude = (relative: Buffer) => (keep(root, relative) ? ('skip' as const) : undefined);
  for await (const found of walkTree(root, dir, { exclude })) {
    if ('skipped' in found) continue;
    const relative = pathBytes(found.path);
    const type = wanted.get(keyOf(root, relative));
    // A file is put right by placing; the second name of one is made by finishing, from whatever is there.
    if (type === found.type || (type === 'hardlink' && found.type === 'file')) continue;
    await remove(dir, relative, showPath(found.path));
    removed += 1;
  }
  return removed;
}

async function remove(dir: Buffer, relative: Buffer, shown: string): Promise<void> {
  try {
    const { directory, path } = locate(dir, relative);
    try {
      await removeTree(path);
    } finally {
      closeOpened(directory);
    }
  } catch (error) {
    throw placingError(shown, error);
  }
}

function keyOf(root: string, relative: Buffer): string {
  return `${root}\0${relative.toString('latin1')}`;
}
