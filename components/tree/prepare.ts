/**
 * Looks through what is to be placed before anything is written, and makes the directories, closed to others (0700) until
 * `finish.ts` gives them their modes. May run twice, and for parts of a tree in any order.
 */
import fs from 'node:fs';
import { HoldfastError } from '../../domain/errors';
import { pathBytes, showPath, type TreeEntry } from '../../domain/tree';
import { joinPath, safeNames, unsafe, withLocated } from './locate';
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
    checkEntry(entry, dirs);
    if (entry.type === 'directory') placing(showPath(entry.path), () => makeDirectory(dirs, entry));
    await turn();
  }
}

/**
 * A root is reached as it is named, links and all: so no link of the backup's may stand where one of its roots is, or above it.
 * @throws HoldfastError `unsafe_path`, `invalid_backup`
 */
export function checkEntry(entry: TreeEntry, dirs: RootDirs): void {
  const path = pathBytes(entry.path);
  safeNames(path);
  if (!Object.hasOwn(dirs, entry.root)) {
    throw new HoldfastError('invalid_backup', 'the list of files speaks of a tree that the backup does not have', {
      where: showPath(entry.path),
      hints: ['nothing was written for it: the list is damaged or forged; choose another backup'],
    });
  }
  if (entry.type === 'symlink') refuseAboveRoots(path, entry.root, dirs);
  if (entry.type !== 'hardlink') return;
  const target = entry.target === undefined ? Buffer.alloc(0) : pathBytes(entry.target);
  if (safeNames(target).length === 0) throw unsafe(path, 'is another name of nothing');
}

function refuseAboveRoots(path: Buffer, root: string, dirs: RootDirs): void {
  const link = `${joinPath(rootPath(dirs, root), path).toString('latin1').replace(/\/+$/, '')}/`;
  for (const one of Object.keys(dirs)) {
    if (!`${rootPath(dirs, one).toString('latin1').replace(/\/+$/, '')}/`.startsWith(link)) continue;
    throw unsafe(path, 'is a symbolic link in the place of a whole tree of the backup');
  }
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
