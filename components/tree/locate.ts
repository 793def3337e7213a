/**
 * Finds a file below a root without ever passing through a symbolic link: every directory on the way is opened by its one
 * name, with O_NOFOLLOW, relative to the one above it. So neither a forged list of files nor somebody who swaps a directory
 * for a link in the middle of it leads out of the root. The root itself is the caller's word and may lie behind links.
 *
 * What is found is handed out as a path through the open directory (`/proc/self/fd/N/name`), which every call takes.
 */
import fs from 'node:fs';
import path from 'node:path';
import { HoldfastError } from '../../domain/errors';
import { showPath, treePath } from '../../domain/tree';
import { closeOpened, errorCode, makeDirectoryAt, nowhere, openAt, openPathOnly } from './native';

const { O_DIRECTORY, O_NOFOLLOW } = fs.constants;

export interface Located {
  /** The open directory that holds it. */
  directory: number;
  name: Buffer;
  /** For calls: goes through the open directory. Valid until it is closed. */
  path: Buffer;
}

const slash = 0x2f;

/**
 * The names of a relative path; none for the root itself.
 * @throws HoldfastError `unsafe_path` for an absolute one, one with `..`, `.`, an empty name or a NUL
 */
export function safeNames(relative: Buffer): Buffer[] {
  if (relative.length === 0) return [];
  const names = relative.toString('latin1').split('/');
  if (names.some((name) => name === '' || name === '.' || name === '..' || name.includes('\0'))) {
    throw unsafe(relative, 'is not a plain relative path');
  }
  return names.map((name) => Buffer.from(name, 'latin1'));
}

export function unsafe(relative: Buffer, why: string): HoldfastError {
  const shown = JSON.stringify(showPath(treePath(relative)));
  return new HoldfastError('unsafe_path', `the path ${shown} ${why}`, {
    where: showPath(treePath(relative)),
    hints: [
      'nothing was written there; the list of files is damaged or forged, or somebody changes the target meanwhile',
    ],
  });
}

/** A path for calls: `name` in an open directory. */
export function pathThrough(directory: number, name: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`/proc/self/fd/${directory}/`), name]);
}

export interface LocateOptions {
  /** Directories that are missing on the way are made, for their owner only. */
  create?: boolean;
}

/**
 * Opens the directory that holds `relative`. The caller closes `directory` with `closeOpened`.
 * @throws HoldfastError `unsafe_path` where a link or a file stands in the way; ENOENT as the system's error
 */
export function locate(root: Buffer, relative: Buffer, options: LocateOptions = {}): Located {
  const names = safeNames(relative);
  const last = names.pop();
  if (last === undefined) return locateRoot(root, options);
  let directory = openRoot(root, options);
  for (const name of names) {
    let next: number;
    try {
      next = step(directory, name, relative, options);
    } finally {
      closeOpened(directory);
    }
    directory = next;
  }
  return { directory, name: last, path: pathThrough(directory, last) };
}

/** The root as a thing in its parent: it may be a single file. */
function locateRoot(root: Buffer, options: LocateOptions): Located {
  const text = path.posix.resolve('/', root.toString('latin1'));
  const name = Buffer.from(path.posix.basename(text) || '.', 'latin1');
  const parent = Buffer.from(path.posix.dirname(text), 'latin1');
  // The parent is no part of the tree: its final owner must be able to pass it.
  if (options.create) fs.mkdirSync(parent, { recursive: true, mode: 0o755 });
  const directory = openRoot(parent, options);
  return { directory, name, path: pathThrough(directory, name) };
}

function openRoot(root: Buffer, { create }: LocateOptions): number {
  try {
    return openAt(nowhere, root, openPathOnly | O_DIRECTORY);
  } catch (error) {
    if (!create || errorCode(error) !== 'ENOENT') throw error;
    // Passable for others down to the root (its final owner is one of them); what lies in it is for its owner only so far.
    fs.mkdirSync(Buffer.from(path.posix.dirname(root.toString('latin1')), 'latin1'), { recursive: true, mode: 0o755 });
    fs.mkdirSync(root, { recursive: true, mode: 0o700 });
    return openAt(nowhere, root, openPathOnly | O_DIRECTORY);
  }
}

function step(directory: number, name: Buffer, relative: Buffer, { create }: LocateOptions): number {
  try {
    return openAt(directory, name, openPathOnly | O_DIRECTORY | O_NOFOLLOW);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOTDIR' || code === 'ELOOP') throw unsafe(relative, 'leads through something that is no directory');
    if (!create || code !== 'ENOENT') throw error;
  }
  try {
    makeDirectoryAt(directory, name, 0o700);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  }
  return step(directory, name, relative, {});
}

/** Does something with the thing's path and closes its directory again. */
export function withLocated<T>(root: Buffer, relative: Buffer, options: LocateOptions, use: (found: Located) => T): T {
  const found = locate(root, relative, options);
  try {
    return use(found);
  } finally {
    closeOpened(found.directory);
  }
}

const separator = Buffer.of(slash);

export function joinPath(parent: Buffer, name: Buffer): Buffer {
  return parent.length === 0 ? name : Buffer.concat([parent, separator, name]);
}
