/** Heads one by one, as they lie in the store. */
import type { BackupHead } from '../../domain/backup';
import { HoldfastError, isHoldfastError, reportError } from '../../domain/errors';
import type { RepositoryCopy } from '../copy';
import { readJson } from '../crypto/sealed-bytes';
import { headKey } from '../names';
import { backupHeadSchema } from '../schemas/backup';
import { forEach } from './each';

export interface HeadList {
  /** Oldest first. */
  heads: BackupHead[];
  /** Heads that cannot be read; `catalog rebuild` mends them. */
  damaged: { key: string; reason: string }[];
}

export const headsAtOnce = 16;

/** @throws HoldfastError `backup_not_found`, `catalog_damaged` */
export async function getHead(copy: RepositoryCopy, backupId: string): Promise<BackupHead> {
  const key = headKey(backupId);
  const where = `${copy.store.name}:${key}`;
  try {
    const head = readJson(await copy.store.get(key), backupHeadSchema, where);
    if (head.id === backupId) return head;
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    if (error.code === 'object_not_found') {
      throw new HoldfastError('backup_not_found', `there is no backup ${backupId} in the store ${copy.store.name}`, {
        where,
        hints: ['holdfast list shows what there is; after the loss of the catalog: holdfast catalog rebuild'],
      });
    }
    if (error.code !== 'invalid_backup') throw error;
  }
  throw new HoldfastError('catalog_damaged', 'an entry of the catalog is damaged', {
    where,
    hints: ['holdfast catalog rebuild makes it again from the backup itself'],
  });
}

/** As it lies in the store, for people too. */
export function headBody(head: BackupHead): Buffer {
  return Buffer.from(`${JSON.stringify(head, null, 2)}\n`);
}

/** Undefined: there is none, or one that cannot be read. */
export async function getHeadIfWhole(copy: RepositoryCopy, backupId: string): Promise<BackupHead | undefined> {
  try {
    return await getHead(copy, backupId);
  } catch (error) {
    if (isHoldfastError(error) && !error.retryable) return undefined;
    throw error;
  }
}

/** A damaged head is reported and hides none of the others; one that is not there is left out. In no order. */
export async function readHeads(
  copy: RepositoryCopy,
  ids: Iterable<string> | AsyncIterable<string>,
  signal?: AbortSignal,
): Promise<HeadList> {
  const list: HeadList = { heads: [], damaged: [] };
  await forEach(ids, headsAtOnce, async (id) => {
    signal?.throwIfAborted();
    await readInto(list, copy, id);
  });
  return list;
}

export function byAge(a: BackupHead, b: BackupHead): number {
  return a.startedAt === b.startedAt ? compare(a.id, b.id) : compare(a.startedAt, b.startedAt);
}

async function readInto(list: HeadList, copy: RepositoryCopy, id: string): Promise<void> {
  try {
    list.heads.push(await getHead(copy, id));
  } catch (error) {
    const { code, message } = reportError(error);
    if (code === 'backup_not_found') return; // removed while we listed
    if (code !== 'catalog_damaged') throw error;
    list.damaged.push({ key: headKey(id), reason: message });
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
