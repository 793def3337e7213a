/** Removing objects of backups. What is locked by the store stays, and is an error (`store_denied`) that names it. */
import type { SealedManifest } from '../domain/backup';
import { backupObjects } from './backup-objects';
import type { RepositoryCopy } from './copy';
import { backupFolder, backupKeys } from './names';

const batch = 1000;

/**
 * Removes a backup that failed, except its receipt. Packs that a forgotten attempt stores afterwards are found by the next
 * call: it may be called any number of times.
 * @returns how many objects went
 */
export async function removeBackup(copy: RepositoryCopy, backupId: string, signal?: AbortSignal): Promise<number> {
  await copy.store.delete([backupKeys.sealed(backupId)]); // first: without it the backup counts as never completed
  const kept = new Set([backupKeys.receipt(backupId)]);
  return await removeOthers(copy, backupId, kept, signal);
}

/** Removes what a sealed backup does not need: its plans, and what lost generations stored in vain. */
export async function removeLeftovers(
  copy: RepositoryCopy,
  manifest: SealedManifest,
  signal?: AbortSignal,
): Promise<number> {
  const { backupId } = manifest;
  const kept = new Set([backupKeys.checksums(backupId), backupKeys.receipt(backupId)]);
  for await (const { key } of backupObjects(copy, manifest)) kept.add(key);
  return await removeOthers(copy, backupId, kept, signal);
}

async function removeOthers(
  copy: RepositoryCopy,
  backupId: string,
  kept: Set<string>,
  signal?: AbortSignal,
): Promise<number> {
  let removed = 0;
  let keys: string[] = [];
  const flush = async () => {
    if (keys.length > 0) await copy.store.delete(keys);
    removed += keys.length;
    keys = [];
  };
  for await (const { key } of copy.store.list(backupFolder(backupId), { signal })) {
    if (!kept.has(key)) keys.push(key);
    if (keys.length === batch) await flush();
  }
  await flush();
  return removed;
}
