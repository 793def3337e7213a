/** Removing objects of backups. What is locked by the store stays until its lock ends: that is told, and hides nothing else. */
import type { SealedManifest } from '../domain/backup';
import { HoldfastError } from '../domain/errors';
import { backupObjects } from './backup-objects';
import type { RepositoryCopy } from './copy';
import { backupFolder, backupKeys } from './names';

const batch = 1000;

export interface Removed {
  objects: number;
  /** Objects that stay, and until when all of them do. */
  locked: number;
  until?: Date;
}

export interface RemoveOptions {
  signal?: AbortSignal;
  /** Asked right before each deletion; throws when it is not to go on. */
  mayGoOn?: () => Promise<void>;
}

/**
 * Removes a backup, except its receipt. Packs that a forgotten attempt stores afterwards are found by the next call: it may be called
 * any number of times.
 * @returns how many objects went
 * @throws HoldfastError `object_locked` when something stays
 */
export async function removeBackup(
  copy: RepositoryCopy,
  backupId: string,
  options: RemoveOptions = {},
): Promise<number> {
  const { objects, locked, until } = await removeUnlocked(copy, backupId, options);
  if (locked === 0) return objects;
  throw new HoldfastError(
    'object_locked',
    `${locked} objects of ${backupId} are locked until ${until?.toISOString()}`,
    {
      where: copy.store.location,
      hints: ['they can be removed when the lock has ended, and by nobody before'],
    },
  );
}

/** The same, of a backup that may be locked: what stays is told. */
export async function removeUnlocked(
  copy: RepositoryCopy,
  backupId: string,
  options: RemoveOptions = {},
): Promise<Removed> {
  // First: without it the backup counts as never completed.
  const removed: Removed = { objects: 0, locked: 0 };
  await removeKeys(copy, [backupKeys.sealed(backupId)], removed, options);
  removed.objects = 0;
  await removeOthers(copy, backupId, new Set([backupKeys.receipt(backupId)]), removed, options);
  return removed;
}

/** Removes what a sealed backup does not need: its plans, and what lost generations stored in vain, unless that is locked. */
export async function removeLeftovers(
  copy: RepositoryCopy,
  manifest: SealedManifest,
  signal?: AbortSignal,
): Promise<number> {
  const { backupId } = manifest;
  const kept = new Set([backupKeys.checksums(backupId), backupKeys.receipt(backupId)]);
  for await (const { key } of backupObjects(copy, manifest)) kept.add(key);
  const removed: Removed = { objects: 0, locked: 0 };
  await removeOthers(copy, backupId, kept, removed, { signal });
  return removed.objects;
}

async function removeOthers(
  copy: RepositoryCopy,
  backupId: string,
  kept: Set<string>,
  removed: Removed,
  options: RemoveOptions,
): Promise<void> {
  removed.locked = 0;
  let keys: string[] = [];
  for await (const { key } of copy.store.list(backupFolder(backupId), { signal: options.signal })) {
    if (!kept.has(key)) keys.push(key);
    if (keys.length < batch) continue;
    await removeKeys(copy, keys, removed, options);
    keys = [];
  }
  await removeKeys(copy, keys, removed, options);
}

async function removeKeys(
  { store }: RepositoryCopy,
  keys: string[],
  removed: Removed,
  { mayGoOn }: RemoveOptions,
): Promise<void> {
  if (keys.length === 0) return;
  await mayGoOn?.();
  const locked = store.locks ? await store.locks.deleteUnlocked(keys) : [];
  if (!store.locks) await store.delete(keys);
  removed.objects += keys.length - locked.length;
  removed.locked += locked.length;
  for (const { until } of locked) {
    if (removed.until === undefined || until > removed.until) removed.until = until;
  }
}
