/**
 * Owner, mode, extended attributes and modification time of one restored thing. Only what differs is touched, so that a second
 * pass changes nothing.
 *
 * The order matters: a change of owner takes setuid and capabilities away, so the mode and the kernel's attributes come after
 * it; `user.` attributes need a writable file, so they come before; the time is last.
 */
import fs from 'node:fs';
import { pathBytes, showPath, type TreeEntry } from '../../domain/tree';
import { unsafe, withLocated } from './locate';
import { errorCode, getXattr, listXattrs, openPathOnly, removeXattr, setModified, setXattr } from './native';
import type { Owners } from './owners';
import type { Warnings } from './warnings';

export interface Ownership {
  uid: number;
  gid: number;
}

export interface MetadataContext {
  owners: Owners;
  warnings: Warnings;
  /** Everything belongs to this one, whatever was recorded. */
  owner?: Ownership;
}

const specialBits = 0o6000;

/** @throws the system's error; HoldfastError `unsafe_path` when something else stands there */
export function applyMetadata(root: Buffer, entry: TreeEntry, context: MetadataContext): void {
  const relative = pathBytes(entry.path);
  withLocated(root, relative, {}, ({ path: located }) => {
    // A root may be a link; nothing below it may.
    const follow = relative.length === 0 && entry.type === 'directory';
    const opened = fs.openSync(follow ? root : located, openPathOnly | (follow ? 0 : fs.constants.O_NOFOLLOW));
    try {
      const stats = fs.fstatSync(opened, { bigint: true });
      if (!isOfType(stats, entry)) throw unsafe(relative, `is a ${entry.type}, but something else stands there`);
      applyTo(Buffer.from(`/proc/self/fd/${opened}`), stats, entry, context);
    } finally {
      fs.closeSync(opened);
    }
  });
}

function isOfType(stats: fs.BigIntStats, { type }: TreeEntry): boolean {
  if (type === 'directory') return stats.isDirectory();
  if (type === 'symlink') return stats.isSymbolicLink();
  return type === 'fifo' ? stats.isFIFO() : stats.isFile();
}

/** @param path stands for the open thing itself, so that nothing can be put in its place meanwhile */
function applyTo(path: Buffer, stats: fs.BigIntStats, entry: TreeEntry, context: MetadataContext): void {
  const attributes = Object.entries(entry.xattrs ?? {});
  const write = (ofUser: boolean): void => {
    for (const [name, value] of attributes) {
      if (name.startsWith('user.') === ofUser) writeAttribute(path, name, Buffer.from(value, 'base64'), entry, context);
    }
  };
  write(true);
  const owned = giveToOwner(path, stats, entry, context);
  if (entry.type !== 'symlink') {
    // Somebody else's setuid program would become one of whoever restores.
    fs.chmodSync(path, owned ? entry.mode : entry.mode & ~specialBits);
  }
  if (entry.type !== 'symlink') dropStrayAttributes(path, entry);
  write(false);
  setModified(path, BigInt(entry.mtimeNs));
}

/** Whether it belongs now to whom it should. */
function giveToOwner(path: Buffer, stats: fs.BigIntStats, entry: TreeEntry, context: MetadataContext): boolean {
  const { uid, gid } = context.owner ?? ownerOf(entry, context.owners);
  if (Number(stats.uid) === uid && Number(stats.gid) === gid) return true;
  try {
    fs.chownSync(path, uid, gid);
    return true;
  } catch (error) {
    if (errorCode(error) !== 'EPERM' && errorCode(error) !== 'EINVAL') throw error;
    context.warnings.add('the owner could not be set (only root may)', showPath(entry.path));
    return false;
  }
}

/** By name where this host knows it, else by number. */
export function ownerOf(entry: TreeEntry, owners: Owners): Ownership {
  return {
    uid: (entry.user === undefined ? undefined : owners.idOf('passwd', entry.user)) ?? entry.uid,
    gid: (entry.group === undefined ? undefined : owners.idOf('group', entry.group)) ?? entry.gid,
  };
}

const tolerated = ['ENOTSUP', 'EOPNOTSUPP', 'EPERM', 'EACCES', 'EINVAL', 'ENOSPC', 'E2BIG', 'ERANGE', 'EDQUOT'];

function writeAttribute(path: Buffer, name: string, value: Buffer, entry: TreeEntry, context: MetadataContext): void {
  if (current(path, name)?.equals(value)) return;
  try {
    setXattr(path, name, value);
  } catch (error) {
    const code = errorCode(error) ?? '';
    if (!tolerated.includes(code)) throw error;
    context.warnings.add(`the attribute ${name} could not be set (${code})`, showPath(entry.path));
  }
}

function current(path: Buffer, name: string): Buffer | undefined {
  try {
    return getXattr(path, name, 'follow');
  } catch {
    return undefined;
  }
}

/** What the target's own directory handed down (its default ACL), or an earlier file left. The labels of SELinux stay. */
function dropStrayAttributes(path: Buffer, entry: TreeEntry): void {
  for (const name of listXattrs(path, 'follow')) {
    if (entry.xattrs !== undefined && Object.hasOwn(entry.xattrs, name)) continue;
    if (name.startsWith('user.') || name.startsWith('trusted.') || name.startsWith('system.posix_acl')) {
      removeXattr(path, name);
    }
  }
}
