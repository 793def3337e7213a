/**
 * Sets the present data of a target aside, puts it back, or drops it: one rename where possible, so that it costs nothing and
 * needs no space. Where the target cannot be renamed (a mount point, somebody's working directory, a parent that is not ours)
 * its children are moved into a folder inside it instead.
 *
 * Guaranteed: each of the three may be repeated, and cut anywhere and repeated; what was there before is never deleted by
 * setting aside or putting back; what was not there before is not there after putting back. What happened is written to a
 * small record first, so that the next process knows.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { HoldfastError } from '../../domain/errors';
import { type AsideRecord, readRecord, removeRecord, writeRecord } from './aside-record';
import { clearExcept, moveChildren, removeTree } from './children';
import { errorCode, setModified } from './native';

export interface AsideOptions {
  /** Of the restore: what several restores set aside does not mix. Letters, digits, `-`, `_`. */
  id: string;
  /** Folder for the record; by default the one that holds the target. */
  recordDir?: string;
}

/** @throws HoldfastError `restore_failed` when it can be neither renamed nor emptied */
export async function setAside(target: string, options: AsideOptions): Promise<AsideRecord> {
  const file = recordFile(target, options);
  const record = readRecord(file) ?? begin(target, options.id);
  if (record.done) return record;
  await telling(record.path, 'set aside', async () => {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    writeRecord(file, record);
    if (record.how === 'renamed' && !renamed(record)) {
      record.how = 'emptied';
      record.aside = insideName(record.path, options.id);
      writeRecord(file, record);
    }
    if (record.how === 'emptied') {
      fs.mkdirSync(record.aside, { recursive: true, mode: 0o700 });
      await moveChildren(record.path, record.aside, record.aside);
    }
    writeRecord(file, { ...record, done: true });
  });
  return { ...record, done: true };
}

/** As it was before {@link setAside}, or nothing when that never began. */
export async function putBack(target: string, options: AsideOptions): Promise<void> {
  const file = recordFile(target, options);
  const record = readRecord(file);
  if (record === undefined) return;
  await telling(record.path, 'put back', async () => {
    if (record.how === 'absent') await remove(record.path);
    else if (record.how === 'renamed') await renameBack(record);
    else await fillBack(record, file);
  });
  removeRecord(file);
}

/** Deletes what was set aside, for good. */
export async function dropAside(target: string, options: AsideOptions): Promise<void> {
  const file = recordFile(target, options);
  const record = readRecord(file);
  if (record === undefined) return;
  await telling(record.path, 'drop', async () => {
    if (record.how === 'absent') return;
    const before = fs.statSync(record.path, { bigint: true, throwIfNoEntry: false });
    await remove(record.aside);
    // Taking the folder out of the restored directory is no change of what was restored.
    if (record.how === 'emptied' && before) setModified(Buffer.from(record.path), before.mtimeNs);
  });
  removeRecord(file);
}

/** Where the data of the target lies that was set aside; undefined when there is none. */
export function asideOf(target: string, options: AsideOptions): string | undefined {
  const record = readRecord(recordFile(target, options));
  return record?.done && record.how !== 'absent' ? record.aside : undefined;
}

function begin(target: string, id: string): AsideRecord {
  const resolved = realPath(target);
  const stats = fs.lstatSync(resolved, { bigint: true, throwIfNoEntry: false });
  const common = { format: 1 as const, path: resolved, done: false };
  if (stats === undefined) return { ...common, how: 'absent', aside: '' };
  const aside = `${resolved}.holdfast-aside-${id}`;
  const before = {
    mode: Number(stats.mode & 0o7777n),
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    mtimeNs: String(stats.mtimeNs),
  };
  if (stats.isDirectory() && isInUse(resolved)) {
    return { ...common, how: 'emptied', aside: insideName(resolved, id), before };
  }
  return { ...common, how: 'renamed', aside, before };
}

/** A link to the data stands for the data; what is not there yet stands for itself. */
function realPath(target: string): string {
  try {
    return fs.realpathSync(target);
  } catch {
    return path.resolve(target);
  }
}

function insideName(directory: string, id: string): string {
  return path.join(directory, `.holdfast-aside-${id}`);
}

/** Renaming our own working directory would work, and take everybody's relative paths with it. */
function isInUse(directory: string): boolean {
  const cwd = process.cwd();
  return cwd === directory || cwd.startsWith(`${directory}/`);
}

/** False when this one cannot be renamed as a whole. */
function renamed(record: AsideRecord): boolean {
  if (fs.lstatSync(record.aside, { throwIfNoEntry: false })) return true;
  try {
    fs.renameSync(record.path, record.aside);
    return true;
  } catch (error) {
    const code = errorCode(error) ?? '';
    const isDirectory = fs.lstatSync(record.path, { throwIfNoEntry: false })?.isDirectory() === true;
    if (isDirectory && ['EBUSY', 'EXDEV', 'EACCES', 'EPERM', 'EROFS', 'ENAMETOOLONG'].includes(code)) return false;
    throw error;
  }
}

async function renameBack(record: AsideRecord): Promise<void> {
  // Nothing set aside: never begun, or back already.
  if (!fs.lstatSync(record.aside, { throwIfNoEntry: false })) return;
  await remove(record.path);
  fs.renameSync(record.aside, record.path);
}

async function fillBack(record: AsideRecord, file: string): Promise<void> {
  if (!fs.existsSync(record.aside)) return;
  // Only what came after everything was set aside is cleared, and only once: later the old children are among it.
  if (record.done && !record.cleared) {
    await clearExcept(record.path, record.aside);
    writeRecord(file, { ...record, cleared: true });
  }
  await moveChildren(record.aside, record.path);
  fs.rmdirSync(record.aside);
  if (!record.before) return;
  const { mode, uid, gid, mtimeNs } = record.before;
  const now = fs.statSync(record.path);
  if (now.uid !== uid || now.gid !== gid) fs.chownSync(record.path, uid, gid);
  fs.chmodSync(record.path, mode);
  setModified(Buffer.from(record.path), BigInt(mtimeNs));
}

async function remove(thing: string): Promise<void> {
  await removeTree(Buffer.from(thing));
}

function recordFile(target: string, { id, recordDir }: AsideOptions): string {
  const whole = path.resolve(target);
  const name = createHash('sha256').update(whole).digest('hex').slice(0, 16);
  return path.join(recordDir ?? path.dirname(whole), `.holdfast-aside-${id}-${name}.json`);
}

async function telling(where: string, what: string, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (cause) {
    const code = errorCode(cause);
    if (code === undefined) throw cause;
    throw new HoldfastError('restore_failed', `could not ${what} the data in ${where}: ${code}`, {
      where,
      hints:
        code === 'EXDEV' || code === 'EBUSY'
          ? ['another file system is mounted inside it: restore to another directory with --to, or use --delta']
          : ['what is there was not deleted; when the cause is mended the same command goes on'],
      cause,
    });
  }
}
