/**
 * Locking a backup in a store: its packs run by run, then what describes it, and the WAL that makes it consistent. So is every backup that it builds
 * upon, until the same time: what is needed stays as long as what needs it. Guaranteed: a lock is never shortened.
 */
import { cancellationSignal } from '@temporalio/activity';
import type { LockMode } from '../../domain/backup';
import { HoldfastError } from '../../domain/errors';
import { nothingDone, type RunOutcome } from '../../domain/runs';
import type { RepositoryCopy } from '../../repository/copy';
import { getHead, putHead } from '../../repository/heads';
import { lockDescription } from '../../repository/locks/description';
import { lockDocuments, lockRun as lockOneRun, lockSealed } from '../../repository/locks/extend';
import { getSealedManifest } from '../../repository/sealed-manifest';
import type { Lock } from '../../repository/store-capabilities';
import { beating } from '../beating';
import type { SiteContext } from '../context';
import type { LockOrder, LockPart, LockPlan, LockRunWork } from './contracts';
import { lockWal, wholeWithinMs } from './lock-wal';

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

/**
 * Documents, the WAL, and what opens the repository; of those that the backup builds upon also what says that they are whole, and their heads: each of them can be
 * restored by itself as long as its head says.
 */
export async function lockRest(context: SiteContext, part: LockPart): Promise<{ warnings: string[] }> {
  const { backupId, store, own } = part;
  const copy = (await context.repository()).copy(store);
  const lock = lockOf(part);
  const manifest = await getSealedManifest(copy, { id: backupId });
  await lockDocuments(copy, manifest, lock);
  await lockDescription(copy, lock);
  const warnings: string[] = [];
  // Of one that was made before all is there, or never comes.
  const patienceMs = own ? wholeWithinMs : 0;
  for (const [name, { postgres }] of Object.entries(manifest.components)) {
    if (!postgres || (await lockWal(context, copy, postgres, { lock, patienceMs })) || !own) continue;
    warnings.push(`the WAL that makes ${name} consistent is not whole in ${store}, and is not locked with the backup`);
  }
  if (!own) await lockPublished(copy, part);
  return { warnings };
}

/** Of one that has its head: what says that it is whole, and the head. */
export async function lockPublished(copy: RepositoryCopy, part: LockPart): Promise<void> {
  await lockSealed(copy, part.backupId, lockOf(part));
  await noteInHead(copy, part);
}

async function noteInHead(copy: RepositoryCopy, { backupId, mode, until }: LockPart): Promise<void> {
  const head = await getHead(copy, backupId);
  if (head.lock !== undefined && Date.parse(head.lock.until) >= Date.parse(until)) return;
  await putHead(copy, { ...head, lock: { mode: head.lock?.mode === 'compliance' ? 'compliance' : mode, until } });
}

function lockOf({ mode, until }: { mode: LockMode; until: string }): Lock {
  return { mode, until: new Date(until) };
}
