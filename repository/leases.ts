/**
 * Leases and removals: who needs a backup, and who is about to take it away. Each side says what it does before it looks for the other, so
 * that of a reader and a remover that meet at least one gives way; both may be killed anywhere.
 *
 * A lease ends when its holder gives it back, or at its end by the store's clock: holders renew in time. It covers one backup: whoever needs a chain
 * takes one for each of its members. A removal stays until every object is gone, since half of them may be.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { HoldfastError, isHoldfastError } from '../domain/errors';
import { type Lease, leaseKinds } from '../domain/leases';
import type { RepositoryCopy } from './copy';
import { readJson } from './crypto/sealed-bytes';

const leaseSchema: z.ZodType<Lease> = z.looseObject({
  backupId: z.string(),
  kind: z.enum(leaseKinds),
  holder: z.string(),
  until: z.iso.datetime(),
  wal: z.object({ timeline: z.number().int(), from: z.string() }).optional(),
});

/** No key is needed for it: all of it is in the clear. */
type Copy = Pick<RepositoryCopy, 'store'>;

export const leasesPrefix = 'leases/';
export const removalsPrefix = 'removals/';

/** Takes it, or renews one of the same holder. @throws HoldfastError `backup_unusable` when the backup is being removed */
export async function takeLease(
  copy: Copy,
  { backupId, kind, holder, wal, ms }: Omit<Lease, 'until'> & { ms: number },
): Promise<Lease> {
  const until = after((await copy.store.clock()).getTime(), ms);
  const lease: Lease = { backupId, kind, holder, until, ...(wal && { wal }) };
  await writeLease(copy, lease);
  if (!(await isBeingRemoved(copy, backupId))) return lease;
  await releaseLease(copy, backupId, holder);
  throw new HoldfastError('backup_unusable', `${backupId} is being removed`, {
    where: copy.store.location,
    hints: ['choose another one: holdfast list'],
  });
}

async function writeLease({ store }: Copy, lease: Lease): Promise<void> {
  await store.put(leaseKey(lease.backupId, lease.holder), Buffer.from(`${JSON.stringify(lease)}\n`));
}

function after(now: number, ms: number): string {
  return new Date(now + ms).toISOString();
}

export async function releaseLease(copy: Copy, backupId: string, holder: string): Promise<void> {
  await copy.store.delete([leaseKey(backupId, holder)]);
}

/** So long before its end whoever looks sees it standing, and gives way. */
const surely = 3600_000;

/** All that a holder has, whatever they are on: only it knows. One that stands is not given up for a removal that meets it: that one gives way. */
export async function renewLeases(copy: Copy, holder: string, ms: number): Promise<number> {
  const keys = await keysOf(copy, holder);
  for (const key of keys) {
    const lease = await readLease(copy, key);
    if (lease?.holder !== holder) continue;
    const now = (await copy.store.clock()).getTime();
    if (Date.parse(lease.until) > now + surely) await writeLease(copy, { ...lease, until: after(now, ms) });
    else await takeLease(copy, { ...lease, ms });
  }
  return keys.length;
}

export async function releaseLeases(copy: Copy, holder: string): Promise<number> {
  const keys = await keysOf(copy, holder);
  if (keys.length > 0) await copy.store.delete(keys);
  return keys.length;
}

async function keysOf({ store }: Copy, holder: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(leasesPrefix)) if (key.endsWith(`/${short(holder)}`)) keys.push(key);
  return keys;
}

/** Those that stand by the store's clock; of one backup, or of all. A lease that cannot be read stands: nobody knows until when. */
export async function standingLeases(copy: Copy, backupId?: string): Promise<Lease[]> {
  const now = await copy.store.clock();
  const standing: Lease[] = [];
  for await (const { key } of copy.store.list(backupId === undefined ? leasesPrefix : leasesOf(backupId))) {
    const lease = await readLease(copy, key);
    if (lease !== undefined && Date.parse(lease.until) > now.getTime()) standing.push(lease);
  }
  return standing;
}

/**
 * Says that a backup is about to be removed, and looks who needs it. With an answer that is empty it may be removed; otherwise nothing is said
 * any more.
 * @param remover one name for each run: what one of several takes back, the others still mean
 */
export async function announceRemoval(copy: Copy, backupId: string, remover: string): Promise<Lease[]> {
  const key = removalKey(backupId, remover);
  await copy.store.put(key, Buffer.from(`${JSON.stringify({ backupId, remover })}\n`));
  const leases = await standingLeases(copy, backupId);
  if (leases.length > 0) await copy.store.delete([key]);
  return leases;
}

/**
 * Whether what a remover said still stands: nobody took it back, and nobody brought it to its end. Asked right before each deletion, since a process may be
 * stopped for hours between two of its steps. @throws HoldfastError `fenced`
 */
export async function assertAnnounced({ store }: Copy, backupId: string, remover: string): Promise<void> {
  if ((await store.head(removalKey(backupId, remover))) !== undefined) return;
  throw new HoldfastError('fenced', `the removal of ${backupId} was taken back, or somebody else came to its end`, {
    where: store.location,
    hints: ['nothing more of it was touched: the next retention looks again'],
  });
}

/** It is not removed after all, and nothing of it is gone. Others may still mean to. */
export async function withdrawRemoval(copy: RepositoryCopy, backupId: string, remover: string): Promise<void> {
  await copy.store.delete([removalKey(backupId, remover)]);
}

/** When all objects of the backup are gone: nobody who was killed on the way is waited for. */
export async function removalDone(copy: Copy, backupId: string): Promise<void> {
  const keys: string[] = [];
  for await (const { key } of copy.store.list(removalsOf(backupId))) keys.push(key);
  if (keys.length > 0) await copy.store.delete(keys);
}

export async function isBeingRemoved(copy: Copy, backupId: string): Promise<boolean> {
  for await (const _ of copy.store.list(removalsOf(backupId))) return true;
  return false;
}

/** Backups that somebody is about to remove, or began to. */
export async function removalsUnderWay({ store }: Copy): Promise<Set<string>> {
  const found = new Set<string>();
  for await (const { key } of store.list(removalsPrefix)) found.add(key.split('/')[1] ?? '');
  return found;
}

/** Undefined: it was given back meanwhile. */
async function readLease({ store }: Copy, key: string): Promise<Lease | undefined> {
  try {
    return readJson(await store.get(key), leaseSchema, `${store.name}:${key}`);
  } catch (error) {
    if (isHoldfastError(error) && error.code === 'object_not_found') return undefined;
    if (isHoldfastError(error) && error.code === 'invalid_backup') return unreadable(key);
    throw error;
  }
}

function unreadable(key: string): Lease {
  const [, backupId = ''] = key.split('/');
  return { backupId, kind: 'unknown', holder: 'a lease that cannot be read', until: '9999-12-31T00:00:00.000Z' };
}

function leasesOf(backupId: string): string {
  return `${leasesPrefix}${backupId}/`;
}

function removalsOf(backupId: string): string {
  return `${removalsPrefix}${backupId}/`;
}

function leaseKey(backupId: string, holder: string): string {
  return `${leasesOf(backupId)}${short(holder)}`;
}

function removalKey(backupId: string, remover: string): string {
  return `${removalsOf(backupId)}${short(remover)}`;
}

/** Workflow ids hold characters that keys may not. */
function short(name: string): string {
  return createHash('sha256').update(name).digest('hex').slice(0, 32);
}
