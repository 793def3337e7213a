/** Backups that nobody makes any more: without a head, `creating` for ever, or failed with objects left; and packs that no manifest of a whole one names. */
import type { BackupHead } from '../../domain/backup';
import { tellLeft } from '../../domain/cleanup/report';
import { isHoldfastError, reportError } from '../../domain/errors';
import { backupObjects } from '../backup-objects';
import { getHeadIfWhole } from '../catalog/read';
import { putHead } from '../heads';
import { announceRemoval, assertAnnounced, removalDone, withdrawRemoval } from '../leases';
import { backupFolder, backupKeys } from '../names';
import { getSealedManifest } from '../sealed-manifest';
import { type Cleaning, isOld, Sweeper } from './cleaning';
import { type BackupFolder, backupFolders, isOurs } from './folders';

/** @param heads of this store, by id */
export async function cleanBackups(cleaning: Cleaning, heads: Map<string, BackupHead>): Promise<void> {
  const { copy, outcome, signal, beat } = cleaning;
  for await (const folder of backupFolders(copy, signal)) {
    beat();
    for (const key of folder.strange) tellLeft(outcome, `${key}: none of ours`);
    const head = heads.get(folder.id);
    heads.delete(folder.id);
    await cleanOne(cleaning, folder, head);
  }
  // What is left announced itself, and stored nothing.
  for (const head of heads.values()) {
    if (head.status === 'creating') await cleanOne(cleaning, nothingIn(head), head);
  }
}

async function cleanOne(cleaning: Cleaning, folder: BackupFolder, head: BackupHead | undefined): Promise<void> {
  const { outcome, leased } = cleaning;
  if (!isOld(cleaning, folder) || leased.has(folder.id)) return;
  if (head?.status === 'completed' || head?.status === 'expired') return await cleanWhole(cleaning, folder, head);
  if (head === undefined && folder.sealed) {
    tellLeft(outcome, `${folder.id}: whole, but not in the catalog: "holdfast catalog rebuild" brings it back`);
    return;
  }
  const beyondReceipt = folder.objects - folder.strange.length > (head?.status === 'failed' ? 1 : 0);
  if (head?.status === 'creating' || beyondReceipt) await removeDead(cleaning, folder.id, head);
}

/** It is looked at again when its removal is announced: what was copied here or completed meanwhile is dead no more, however long ago the folders were listed. */
async function removeDead(cleaning: Cleaning, id: string, head: BackupHead | undefined): Promise<void> {
  const { copy, dryRun, remover, outcome } = cleaning;
  const [lease] = dryRun ? [] : await announceRemoval(copy, id, remover);
  if (lease) return tellLeft(outcome, `${id}: in use by ${lease.holder}`);
  if (!dryRun && (await isAlive(cleaning, id, head))) {
    await withdrawRemoval(copy, id, remover);
    return tellLeft(outcome, `${id}: somebody brought it to its end meanwhile`);
  }
  try {
    await removeObjects(cleaning, id);
    if (!dryRun) await endRemoval(cleaning, id, head);
  } catch (error) {
    if (!isHoldfastError(error) || error.code !== 'fenced') throw error;
    tellLeft(outcome, `${id}: ${error.message}`);
  }
}

async function isAlive({ copy }: Cleaning, id: string, before: BackupHead | undefined): Promise<boolean> {
  const head = await getHeadIfWhole(copy, id);
  if (head !== undefined) return head.status !== before?.status;
  return before === undefined && (await copy.store.head(backupKeys.sealed(id))) !== undefined;
}

async function removeObjects(cleaning: Cleaning, id: string): Promise<void> {
  const { copy, remover, signal } = cleaning;
  const sweeper = new Sweeper(cleaning, 'backup', () => assertAnnounced(copy, id, remover));
  const receipt = backupKeys.receipt(id);
  // Without it the backup never counts as whole, wherever the rest is cut.
  const sealed = await copy.store.head(backupKeys.sealed(id));
  if (sealed) await sweeper.take(sealed);
  await sweeper.flush();
  for await (const object of copy.store.list(backupFolder(id), { signal })) {
    if (object.key !== receipt && object.key !== sealed?.key && isOurs(id, object.key)) await sweeper.take(object);
  }
  await sweeper.flush();
}

async function endRemoval({ copy }: Cleaning, id: string, head: BackupHead | undefined): Promise<void> {
  if (head?.status === 'creating') {
    const error = { code: 'aborted', message: 'nobody made it any more: its objects were removed by a cleanup' };
    await putHead(copy, { ...head, status: 'failed', endedAt: (await copy.store.clock()).toISOString(), error });
  }
  await removalDone(copy, id);
}

/** Looked into only where there is more than the catalog says: its manifest and indexes are read then. */
async function cleanWhole(
  cleaning: Cleaning,
  { id, packs, scaffolding }: BackupFolder,
  head: BackupHead,
): Promise<void> {
  const { copy, outcome, signal } = cleaning;
  const expected = Object.values(head.components).reduce((sum, component) => sum + component.packs, 0);
  if (packs <= expected && scaffolding === 0) return;
  const named = new Set([backupKeys.checksums(id), backupKeys.receipt(id)]);
  try {
    const manifest = await getSealedManifest(copy, head);
    for await (const { key } of backupObjects(copy, manifest)) named.add(key);
  } catch (error) {
    return tellLeft(
      outcome,
      `${id}: its manifest cannot be read, so nobody knows what it names: ${reportError(error).message}`,
    );
  }
  const sweeper = new Sweeper(cleaning, 'pack');
  for await (const object of copy.store.list(backupFolder(id), { signal })) {
    if (!named.has(object.key) && isOurs(id, object.key) && isOld(cleaning, object)) await sweeper.take(object);
  }
  await sweeper.flush();
}

function nothingIn({ id, startedAt }: BackupHead): BackupFolder {
  return { id, objects: 0, packs: 0, scaffolding: 0, sealed: false, modified: new Date(startedAt), strange: [] };
}
