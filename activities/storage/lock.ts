/**
 * Locking a backup in a store: its packs run by run, then what describes it, and the WAL that makes it consistent. So is every backup that it builds
 * upon, until the same time: what is needed stays as long as what needs it. Guaranteed: a lock is never shortened.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { cancellationSignal, heartbeat } from '@temporalio/activity';
import type { LockMode, PostgresFacts } from '../../domain/backup';
import { HoldfastError, isHoldfastError } from '../../domain/errors';
import { parseLsn, segmentOf } from '../../domain/lsn';
import { nothingDone, type RunOutcome } from '../../domain/runs';
import type { RepositoryCopy } from '../../repository/copy';
import { getHead, putHead } from '../../repository/heads';
import { lockAll, lockDocuments, lockRun as lockOneRun, lockSealed } from '../../repository/locks/extend';
import { getSealedManifest } from '../../repository/sealed-manifest';
import type { Lock } from '../../repository/store-capabilities';
import { markerKey } from '../../repository/wal/names';
import { beating } from '../beating';
import type { SiteContext } from '../context';
import { openArchives } from '../wal/archives';
import type { LockOrder, LockPart, LockPlan, LockRunWork } from './contracts';

export async function planLock(context: SiteContext, order: LockOrder): Promise<LockPlan> {
  const { site, store, mode } = order;
  const now = await (await context.repository()).copy(store).store.clock();
  return { site, store, mode, until: new Date(now.getTime() + order.for).toISOString() };
}

export async function lockedParts(
  context: SiteContext,
  { backupId, store }: LockPart,
): Promise<{ components: { name: string; runs: number }[] }> {
  const manifest = await getSealedManifest((await context.repository()).copy(store), { id: backupId });
  const components = Object.entries(manifest.components);
  return { components: components.map(([name, { indexes }]) => ({ name, runs: indexes.length })) };
}

export async function lockRun(context: SiteContext, work: LockRunWork): Promise<RunOutcome> {
  const { backupId, component, run, store } = work;
  const copy = (await context.repository()).copy(store);
  const manifest = await getSealedManifest(copy, { id: backupId });
  const ref = manifest.components[component]?.indexes[run];
  if (!ref) throw new HoldfastError('invalid_backup', `run ${run} of ${component} is not in the manifest`);
  const progress = beating();
  const locked = await lockOneRun(copy, ref, lockOf(work), { signal: cancellationSignal(), progress });
  return { ...nothingDone, packs: locked - 1 };
}

/** Documents; of the backup that is made its WAL, of those it builds upon what says that they are whole, and their heads. */
export async function lockRest(context: SiteContext, part: LockPart): Promise<{ warnings: string[] }> {
  const { backupId, store, own } = part;
  const copy = (await context.repository()).copy(store);
  const lock = lockOf(part);
  const manifest = await getSealedManifest(copy, { id: backupId });
  await lockDocuments(copy, manifest, lock);
  if (!own) {
    await lockSealed(copy, backupId, lock);
    await noteInHead(copy, part);
    return { warnings: [] };
  }
  const warnings: string[] = [];
  for (const [name, { postgres }] of Object.entries(manifest.components)) {
    if (postgres && !(await lockWal(context, copy, postgres, lock)))
      warnings.push(`the WAL that makes ${name} consistent is not in ${store}, and is not locked with the backup`);
  }
  return { warnings };
}

async function noteInHead(copy: RepositoryCopy, { backupId, mode, until }: LockPart): Promise<void> {
  const head = await getHead(copy, backupId);
  if (head.lock !== undefined && Date.parse(head.lock.until) >= Date.parse(until)) return;
  await putHead(copy, { ...head, lock: { mode: head.lock?.mode === 'compliance' ? 'compliance' : mode, until } });
}

/** How long a segment that the server has left may take until it is stored whole, in place of its parts. */
const wholeWithinMs = 60_000;
const pollMs = 500;

/** @returns whether this store holds it at all */
async function lockWal(
  context: SiteContext,
  copy: RepositoryCopy,
  { systemIdentifier, timeline, startLsn, stopLsn }: PostgresFacts,
  lock: Lock,
): Promise<boolean> {
  const archives = await openArchives(context, systemIdentifier);
  const archive = archives.find(({ store }) => store.name === copy.store.name);
  if (archive === undefined) return false;
  const first = segmentOf(parseLsn(startLsn), archive.segmentSize);
  const last = segmentOf(parseLsn(stopLsn) - 1n, archive.segmentSize);
  const names = [markerKey(systemIdentifier), ...(timeline > 1 ? [archive.names.history(timeline)] : [])];
  for (const since = Date.now(); ; await sleep(pollMs, undefined, { signal: cancellationSignal() })) {
    heartbeat(String(last));
    const pieces = await archive.pieces(timeline, first, last + 1n);
    const isWhole = (segment: bigint) => pieces.some((one) => one.whole && one.segment === segment);
    let missing = 0;
    for (let segment = first; segment <= last; segment++) if (!isWhole(segment)) missing++;
    // A standby leaves no segment when a backup ends: there the parts are what there is.
    if (missing > 0 && Date.now() - since < wholeWithinMs) continue;
    const keys = pieces.filter((one) => one.whole || !isWhole(one.segment)).map(({ key }) => key);
    if (await lockedAll(copy, [...names, ...keys], lock)) return keys.length > 0;
  }
}

/** False: a segment took the place of its parts meanwhile. */
async function lockedAll(copy: RepositoryCopy, keys: string[], lock: Lock): Promise<boolean> {
  try {
    await lockAll(copy, keys, lock);
    return true;
  } catch (error) {
    if (isHoldfastError(error) && error.code === 'object_not_found') return false;
    throw error;
  }
}

function lockOf({ mode, until }: { mode: LockMode; until: string }): Lock {
  return { mode, until: new Date(until) };
}
