/**
 * Looks through what is to be placed before anything is written, and makes the directories, closed to others (0700) until
 * `finish.ts` gives them their modes. May run twice, and for parts of a tree in any order.
 */
import fs from 'node:fs';
import { pathBytes, showPath, type TreeEntry } from '../../domain/tree';
import { safeNames, unsafe, withLocated } from './locate';
import { errorCode } from './native';
import { placing } from './placing-error';
import { type RootDirs, rootPath } from './read';
import { takeTurns } from './turns';

/** @throws HoldfastError `unsafe_path` at the first entry that would lead out of its root; `target_full`, `restore_failed` */
export async function prepareTree(
  entries: Iterable<TreeEntry> | AsyncIterable<TreeEntry>,
  dirs: RootDirs,
): Promise<void> {
  const turn = takeTurns();
  for await (const entry of entries) {
    checkEntry(entry);
    if (entry.type === 'directory') placing(showPath(entry.path), () => makeDirectory(dirs, entry));
    await turn();
  }
}

/** @throws HoldfastError `unsafe_path` */
export function checkEntry(entry: TreeEntry): void {
  safeNames(pathBytes(entry.path));
  if (entry.type !== 'hardlink') return;
  const target = entry.target === undefined ? Buffer.alloc(0) : pathBytes(entry.target);
  if (safeNames(target).length === 0) throw unsafe(pathBytes(entry.path), 'is another name of nothing');
}

function makeDirectory(dirs: RootDirs, entry: TreeEntry): void {
  const root = rootPath(dirs, entry.root);
  const relative = pathBytes(entry.path);
  // A root that is there already may be a link: it is the caller's word. What is below may not.
  if (relative.length === 0 && fs.statSync(root, { throwIfNoEntry: false })?.isDirectory()) return;
  withLocated(root, relative, { create: true }, ({ path }) => {
    try {
      fs.mkdirSync(path, 0o700);
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
      if (!fs.lstatSync(path).isDirectory()) throw unsafe(relative, 'is a directory, but something else stands there');
    }
  });
}
