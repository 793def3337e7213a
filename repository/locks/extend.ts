/**
 * Locking what a backup consists of, until a time. Guaranteed: a lock that ends later already stays. Every function may run any number of times, and
 * goes on where an earlier one was cut, since it asks each object.
 */
import type { SealedManifest } from '../../domain/backup';
import { HoldfastError } from '../../domain/errors';
import { documentKeys } from '../backup-objects';
import type { RepositoryCopy } from '../copy';
import type { DocumentRef } from '../documents';
import { backupKeys } from '../names';
import { getRunIndex } from '../run-index';
import type { Lock, StoreLocks } from '../store-capabilities';

const atOnce = 16;

/** @throws HoldfastError `lock_unsupported` */
export function locksOf({ store }: Pick<RepositoryCopy, 'store'>): StoreLocks {
  if (store.locks !== undefined) return store.locks;
  throw new HoldfastError('lock_unsupported', 'nothing can be locked in this store', { where: store.location });
}

/** The packs of one run, and its index. @returns how many objects are locked */
export async function lockRun(
  copy: RepositoryCopy,
  ref: DocumentRef,
  lock: Lock,
  { signal, progress }: { signal?: AbortSignal; progress?: (sofar: number) => void } = {},
): Promise<number> {
  const { packs } = await getRunIndex(copy, ref);
  return await lockAll(copy, [...packs.map(({ object }) => object), ref.key], lock, { signal, progress });
}

/** What describes the backup, without its sealed manifest: by that it counts, and whoever publishes it locks it. */
export async function lockDocuments(copy: RepositoryCopy, { backupId }: SealedManifest, lock: Lock): Promise<void> {
  const keys = [...documentKeys(backupId), backupKeys.checksums(backupId)];
  await lockAll(
    copy,
    keys.filter((key) => key !== backupKeys.sealed(backupId)),
    lock,
  );
}

export async function lockSealed(copy: RepositoryCopy, backupId: string, lock: Lock): Promise<void> {
  await locksOf(copy).extendLock(backupKeys.sealed(backupId), lock);
}

export async function lockAll(
  copy: RepositoryCopy,
  keys: string[],
  lock: Lock,
  { signal, progress }: { signal?: AbortSignal; progress?: (sofar: number) => void } = {},
): Promise<number> {
  const locks = locksOf(copy);
  for (let at = 0; at < keys.length; at += atOnce) {
    signal?.throwIfAborted();
    await Promise.all(keys.slice(at, at + atOnce).map((key) => locks.extendLock(key, lock)));
    progress?.(Math.min(at + atOnce, keys.length));
  }
  return keys.length;
}
