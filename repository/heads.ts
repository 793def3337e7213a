/** Catalog heads: `catalog/heads/<backup id>.json`, in the clear. A convenience: `rebuild` makes them again from the backups. */
import type { BackupHead } from '../domain/backup';
import { HoldfastError, isHoldfastError, reportError } from '../domain/errors';
import type { RepositoryCopy } from './copy';
import { readJson } from './crypto/sealed-bytes';
import { headKey, headsPrefix } from './names';
import { clearHead } from './redact';
import { backupHeadSchema } from './schemas/backup';

export interface HeadList {
  /** Oldest first. */
  heads: BackupHead[];
  /** Heads that cannot be read; `catalog rebuild` mends them. */
  damaged: { key: string; reason: string }[];
}

const atOnce = 16;

/** `ifAbsent` claims the id: of two backups with one id the second gets `exists`. */
export async function putHead(
  copy: RepositoryCopy,
  head: BackupHead,
  options: { ifAbsent?: boolean } = {},
): Promise<'created' | 'exists'> {
  const body = Buffer.from(`${JSON.stringify(clearHead(copy, head), null, 2)}\n`);
  return await copy.store.put(headKey(head.id), body, options);
}

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

/** A damaged head is reported and hides none of the others. */
export async function listHeads(copy: RepositoryCopy, signal?: AbortSignal): Promise<HeadList> {
  const list: HeadList = { heads: [], damaged: [] };
  let keys: string[] = [];
  for await (const { key } of copy.store.list(headsPrefix, { signal })) {
    if (key.endsWith('.json')) keys.push(key);
    if (keys.length < atOnce) continue;
    await readAll(copy, keys, list);
    keys = [];
  }
  await readAll(copy, keys, list);
  list.heads.sort((a, b) => (a.startedAt === b.startedAt ? compare(a.id, b.id) : compare(a.startedAt, b.startedAt)));
  return list;
}

/** The backup that the head of this key speaks of. */
export function backupOfHead(key: string): string {
  return key.slice(headsPrefix.length, -'.json'.length);
}

async function readAll(copy: RepositoryCopy, keys: string[], list: HeadList): Promise<void> {
  await Promise.all(
    keys.map(async (key) => {
      try {
        list.heads.push(await getHead(copy, backupOfHead(key)));
      } catch (error) {
        const { code, message } = reportError(error);
        if (code === 'backup_not_found') return; // removed while we listed
        if (code !== 'catalog_damaged') throw error;
        list.damaged.push({ key, reason: message });
      }
    }),
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
