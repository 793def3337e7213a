/** Makes one thing of a tree, or makes right what is there: a file of exact size, a link, a FIFO. May run twice. */
import fs from 'node:fs';
import { pathBytes, type TreeEntry } from '../../domain/tree';
import { locate, unsafe, withLocated } from './locate';
import { closeOpened, errorCode, makeFifo, punchHole } from './native';
import { openTarget } from './place';

/** @param over whether other data was there before */
export function makeNode(root: Buffer, entry: TreeEntry, over: boolean): void {
  const relative = pathBytes(entry.path);
  withLocated(root, relative, { create: true }, ({ path }) => {
    if (entry.type === 'file') exactFile(path, relative, entry, over);
    else if (entry.type === 'symlink') symlink(path, relative, entry);
    else if (entry.type === 'fifo') fifo(path);
    else if (entry.type === 'hardlink') hardLink(root, path, relative, entry);
  });
}

function exactFile(path: Buffer, relative: Buffer, entry: TreeEntry, over: boolean): void {
  const there = lookAt(path);
  if (there?.isFile() && Number(there.size) === entry.size && !(over && entry.extents)) return;
  const fd = openTarget(path, relative);
  try {
    fs.ftruncateSync(fd, entry.size);
    if (over) for (const hole of holesOf(entry)) clear(fd, hole.offset, hole.length);
  } finally {
    fs.closeSync(fd);
  }
}

function holesOf({ size, extents }: TreeEntry): { offset: number; length: number }[] {
  if (extents === undefined) return [];
  const holes: { offset: number; length: number }[] = [];
  let at = 0;
  for (const extent of [...extents, { offset: size, length: 0 }]) {
    if (extent.offset > at) holes.push({ offset: at, length: extent.offset - at });
    at = extent.offset + extent.length;
  }
  return holes;
}

function clear(fd: number, offset: number, length: number): void {
  try {
    punchHole(fd, offset, length);
  } catch (error) {
    if (errorCode(error) !== 'EOPNOTSUPP' && errorCode(error) !== 'ENOTSUP') throw error;
    const zeros = Buffer.alloc(Math.min(length, 1024 * 1024));
    for (let done = 0; done < length; ) {
      done += fs.writeSync(fd, zeros, 0, Math.min(zeros.length, length - done), offset + done);
    }
  }
}

function symlink(path: Buffer, relative: Buffer, entry: TreeEntry): void {
  if (entry.target === undefined) throw unsafe(relative, 'is a symbolic link to nothing');
  const target = pathBytes(entry.target);
  const there = lookAt(path);
  if (there?.isSymbolicLink() && fs.readlinkSync(path, 'buffer').equals(target)) return;
  if (there?.isDirectory()) throw unsafe(relative, 'is a symbolic link, but a directory stands there');
  if (there) fs.unlinkSync(path);
  fs.symlinkSync(target, path);
}

function fifo(path: Buffer): void {
  const there = lookAt(path);
  if (there?.isFIFO()) return;
  if (there) fs.unlinkSync(path);
  makeFifo(path, 0o600);
}

function hardLink(root: Buffer, path: Buffer, relative: Buffer, entry: TreeEntry): void {
  const first = locate(root, pathBytes(entry.target ?? ''));
  try {
    const file = fs.lstatSync(first.path, { bigint: true });
    if (!file.isFile()) throw unsafe(relative, 'is another name of something that is no file');
    const there = lookAt(path);
    if (there?.ino === file.ino && there.dev === file.dev) return;
    if (there) fs.unlinkSync(path);
    fs.linkSync(first.path, path);
  } finally {
    closeOpened(first.directory);
  }
}

function lookAt(path: Buffer): fs.BigIntStats | undefined {
  return fs.lstatSync(path, { bigint: true, throwIfNoEntry: false });
}
