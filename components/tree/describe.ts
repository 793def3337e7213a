/** One thing in a tree, as an entry: type, owner, mode, times, attributes, holes. Opens nothing but sparse files. */
import fs from 'node:fs';
import { showPath, type TreeEntry, treePath } from '../../domain/tree';
import { dataExtents } from './extents';
import { errorCode, getXattr, listXattrs } from './native';
import type { Owners } from './owners';

/** What is there and cannot be backed up. The path is relative to the root, for people. */
export interface Skipped {
  skipped: { path: string; reason: string };
}

export interface EntryContext {
  root: string;
  full: boolean;
  owners: Owners;
  /** Of files with several names: the first one seen, and how many more are to come. By device and inode. */
  firstNames: Map<string, { path: Buffer; left: number }>;
}

/** @throws the system's error, ENOENT when it is gone */
export function describeEntry(
  context: EntryContext,
  path: Buffer,
  relative: Buffer,
  stats: fs.BigIntStats = fs.lstatSync(path, { bigint: true }),
): TreeEntry | Skipped {
  const reason = whyNot(stats);
  if (reason !== undefined) return { skipped: { path: showPath(treePath(relative)), reason } };
  const entry = commonPart(context, relative, stats);
  if (entry.type === 'symlink') entry.target = treePath(fs.readlinkSync(path, 'buffer'));
  if (!context.full) return entry;
  const first = entry.type === 'file' && stats.nlink > 1n ? otherName(context, relative, stats) : undefined;
  if (first !== undefined) return { ...entry, type: 'hardlink', target: treePath(first) };
  const xattrs = readXattrs(path);
  if (xattrs !== undefined) entry.xattrs = xattrs;
  // Fewer blocks than bytes: holes, or a file system that compresses (then it is one extent of data).
  if (entry.type === 'file' && stats.blocks * 512n < stats.size) {
    const extents = dataExtents(path, entry.size);
    if (extents !== undefined) entry.extents = extents;
  }
  return entry;
}

function whyNot(stats: fs.BigIntStats): string | undefined {
  if (stats.isSocket()) return 'a socket exists only while its server runs';
  if (stats.isBlockDevice() || stats.isCharacterDevice()) return 'a device is not a file';
  return undefined;
}

function commonPart({ root, owners }: EntryContext, relative: Buffer, stats: fs.BigIntStats): TreeEntry {
  const uid = Number(stats.uid);
  const gid = Number(stats.gid);
  const user = owners.nameOf('passwd', uid);
  const group = owners.nameOf('group', gid);
  return {
    root,
    path: treePath(relative),
    type: stats.isDirectory() ? 'directory' : stats.isSymbolicLink() ? 'symlink' : stats.isFIFO() ? 'fifo' : 'file',
    mode: Number(stats.mode & 0o7777n),
    uid,
    gid,
    ...(user === undefined ? {} : { user }),
    ...(group === undefined ? {} : { group }),
    size: stats.isFile() ? Number(stats.size) : 0,
    ino: String(stats.ino),
    mtimeNs: String(stats.mtimeNs),
    ctimeNs: String(stats.ctimeNs),
  };
}

function otherName({ firstNames }: EntryContext, relative: Buffer, stats: fs.BigIntStats): Buffer | undefined {
  const key = `${stats.dev}:${stats.ino}`;
  const known = firstNames.get(key);
  if (known === undefined) {
    firstNames.set(key, { path: relative, left: Number(stats.nlink) - 1 });
    return undefined;
  }
  known.left -= 1;
  if (known.left <= 0) firstNames.delete(key);
  return known.path;
}

function readXattrs(path: Buffer): Record<string, string> | undefined {
  const found: Record<string, string> = {};
  for (const name of listXattrs(path)) {
    try {
      found[name] = getXattr(path, name).toString('base64');
    } catch (error) {
      // Some are for the kernel's own use or for root alone, and one may be taken away meanwhile.
      if (!['ENODATA', 'EPERM', 'EACCES', 'ENOTSUP', 'EOPNOTSUPP'].includes(errorCode(error) ?? '')) throw error;
    }
  }
  return Object.keys(found).length > 0 ? found : undefined;
}
