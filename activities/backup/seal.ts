/** The end of a backup: its WAL is stored, its manifest sealed, its copies made, its head published; or it is discarded. */

import { cancellationSignal, heartbeat, log } from '@temporalio/activity';
import {
  type BackupHead,
  type ComponentSummary,
  databaseSpans,
  type SealedComponent,
  type SealedManifest,
} from '../../domain/backup';
import { retentionDaysOf } from '../../domain/config/retention-days';
import { HoldfastError, reportError } from '../../domain/errors';
import { parseLsn } from '../../domain/lsn';
import { addOutcomes, nothingDone, type RunOutcome } from '../../domain/runs';
import { renewSnapshot } from '../../repository/catalog/renew';
import { writeCatalogLines } from '../../repository/catalog-lines';
import { putChecksums } from '../../repository/checksums';
import type { RepositoryCopy } from '../../repository/copy';
import { refOf } from '../../repository/documents';
import { getHead, putHead } from '../../repository/heads';
import { lockSealed, locksOf } from '../../repository/locks/extend';
import { backupKeys } from '../../repository/names';
import { putPlainManifest } from '../../repository/plain-manifest';
import { withProof } from '../../repository/proofs';
import { removeLeftovers, removeUnlocked } from '../../repository/remove';
import { copyDocuments, copyRun as copyRunOf } from '../../repository/replicate';
import { getRunIndex, runIndexRef } from '../../repository/run-index';
import { getSealedManifest, putSealedManifest } from '../../repository/sealed-manifest';
import { beating } from '../beating';
import type { SiteContext } from '../context';
import type { BackupJob, CopyRunWork, Discarded, PublishedJob, SealedJob } from '../contracts';
import { marksOf } from '../point/marks';
import { provisionally } from '../storage/lockable';
import { awaitStored } from './await-stored';
import { headOf } from './begin';
import { chainManifests } from './parent';
import { proofOfPublication } from './prove';
import { closedSnapshot } from './snapshot';
import { warningsOf } from './store-run';
import { backupStore } from './stores';

export async function awaitWal(context: SiteContext, job: BackupJob): Promise<void> {
  for (const { name, kind } of job.components) {
    if (kind !== 'postgres') continue;
    const closed = await closedSnapshot(context, job.store, job.backupId, name);
    if (!closed?.postgres) throw new HoldfastError('backup_unusable', `the snapshot of ${name} was never closed`);
    const { systemIdentifier, timeline, startLsn, stopLsn } = closed.postgres;
    const [from, to] = [parseLsn(startLsn), parseLsn(stopLsn)];
    await awaitStored(context, name, { systemIdentifier, timeline, from, to });
  }
}

/** May run again after it is done: what its first attempt cleared away is not asked for once the backup is sealed. */
export async function sealBackup(context: SiteContext, job: BackupJob): Promise<SealedJob> {
  const copy = await backupStore(context, job.backupId);
  const key = backupKeys.sealed(job.backupId);
  const isSealed = async () => (await copy.store.head(key)) !== undefined;
  if (!(await isSealed())) {
    try {
      await putSealedManifest(copy, await draftManifest(context, copy, job));
    } catch (error) {
      // Another attempt may have sealed and cleared up meanwhile: what is in the store counts.
      if (!(await isSealed())) throw error;
    }
  }
  const manifest = await getSealedManifest(copy, { id: job.backupId });
  await putPlainManifest(copy, manifest, refOf(key, await copy.store.get(key)));
  await removeLeftovers(copy, manifest);
  await putChecksums(copy, manifest);
  return sealedJob(manifest);
}

async function draftManifest(context: SiteContext, copy: RepositoryCopy, job: BackupJob): Promise<SealedManifest> {
  const { backupId, system, site, type, tier, startedAt } = job;
  const components: Record<string, SealedComponent> = {};
  for (const { name, kind } of job.components) {
    const closed = await closedSnapshot(context, job.store, backupId, name);
    if (!closed) throw new HoldfastError('backup_unusable', `the snapshot of ${name} was never closed`);
    const indexes: SealedComponent['indexes'] = [];
    let own: RunOutcome = nothingDone;
    let files = 0;
    let size = 0;
    for (let run = 0; run < closed.runs; run++) {
      const ref = await runIndexRef(copy, { backupId, component: name, generation: closed.generation }, run);
      const index = await getRunIndex(copy, ref);
      indexes.push(ref);
      for (const { type, size: bytes } of index.entries) {
        if (type !== 'file') continue;
        files += 1;
        size += bytes;
      }
      own = addOutcomes(own, { ...sizesOf(index.packs), warnings: warningsOf(index) });
      heartbeat({ component: name, run });
    }
    const summary: ComponentSummary = {
      ...{ kind, runs: closed.runs, packs: own.packs, files, bytes: own.bytes, storedBytes: own.storedBytes },
      ...(job.chain && { size }),
      warnings: [...closed.warnings, ...own.warnings],
    };
    const { openedAt, postgres, files: trees } = closed;
    components[name] = { kind, indexes, summary, openedAt, postgres, files: trees };
  }
  const endedAt = new Date().toISOString();
  const { chain } = job;
  const marks = await marksOf(copy, job);
  const format = chain === undefined && marks === undefined ? 1 : 2;
  const partial = { format, backupId, system, site, type, tier, startedAt, endedAt, components } as const;
  return { ...partial, ...(chain && { chain }), ...(marks && { marks }) };
}

function sealedJob({ components, marks = {} }: SealedManifest): SealedJob {
  const parts = Object.entries(components);
  const stops = parts.flatMap(([, { postgres }]) => postgres?.stopTime ?? []);
  const total = (amount: 'bytes' | 'storedBytes' | 'packs') =>
    parts.reduce((sum, [, { summary }]) => sum + summary[amount], 0);
  return {
    ...{ bytes: total('bytes'), storedBytes: total('storedBytes'), packs: total('packs') },
    components: parts.map(([name, { summary }]) => ({ name, runs: summary.runs })),
    recoveryPoint: [...Object.values(marks).map(({ at }) => at), ...stops][0],
  };
}

function sizesOf(packs: { bytes: number; storedBytes: number }[]): RunOutcome {
  const one = ({ bytes, storedBytes }: (typeof packs)[number]) => ({ ...nothingDone, packs: 1, bytes, storedBytes });
  return packs.map(one).reduce(addOutcomes, nothingDone);
}

export async function copyRun(context: SiteContext, work: CopyRunWork): Promise<RunOutcome> {
  const repository = await context.repository({ create: true });
  const from = repository.copy(work.store);
  const manifest = await getSealedManifest(from, { id: work.backupId });
  const ref = manifest.components[work.component]?.indexes[work.run];
  if (!ref) throw new HoldfastError('invalid_backup', `run ${work.run} of ${work.component} is not in the manifest`);
  const signal = cancellationSignal();
  const to = await provisionally(context, repository.copy(work.to), manifest.tier);
  const { packs, bytes, storedBytes, reused } = await copyRunOf(from, to, ref, {
    ...{ signal, progress: beating(), bandwidth: context.bandwidthInto(work.to) },
  });
  return { ...nothingDone, packs, bytes, storedBytes, reused };
}

export async function copyManifest(context: SiteContext, job: BackupJob & { to: string }): Promise<void> {
  const repository = await context.repository({ create: true });
  const from = repository.copy(job.store);
  const manifest = await getSealedManifest(from, { id: job.backupId });
  const to = await provisionally(context, repository.copy(job.to), manifest.tier);
  await copyDocuments(from, to, manifest, { signal: cancellationSignal() });
}

/** Only now does the backup count: its head says `completed` in every store that holds it. */
export async function publishBackup(context: SiteContext, { seconds, ...job }: PublishedJob): Promise<void> {
  const repository = await context.repository({ create: true });
  const stores = [job.store, ...job.copies];
  for (const store of stores) await chainManifests(repository.copy(store), job.chain);
  const first = await completedHead(repository.copy(job.store), job, stores);
  for (const store of stores) {
    const copy = repository.copy(store);
    const described = store === job.store ? first : await completedHead(copy, job, stores);
    const took = seconds?.[store];
    const proof = took === undefined ? undefined : await proofOfPublication(copy, job, { head: first, seconds: took });
    const lock = job.locks?.[store] && (await sealLocked(copy, job.backupId));
    const head: BackupHead = { ...described, ...(lock && { lock }) };
    await putHead(copy, proof ? withProof(head, proof) : head);
    await renewCatalogLines(context, copy);
  }
}

/** The last lock of all: till now the backup could be discarded. It ends with those of the objects that the manifest names. */
async function sealLocked(copy: RepositoryCopy, backupId: string): Promise<BackupHead['lock']> {
  const lock = await locksOf(copy).lockOf(backupKeys.dataKey(backupId));
  if (lock === undefined) throw new HoldfastError('internal', `${backupId} is published before it is locked`);
  await lockSealed(copy, backupId, lock);
  return { mode: lock.mode, until: lock.until.toISOString() };
}

async function completedHead(copy: RepositoryCopy, job: BackupJob, stores: string[]): Promise<BackupHead> {
  const sealed = await copy.store.get(backupKeys.sealed(job.backupId));
  const checksums = await copy.store.get(backupKeys.checksums(job.backupId));
  const manifest = await getSealedManifest(copy, { id: job.backupId });
  const summaries = Object.entries(manifest.components).map(([name, { summary }]) => [name, summary] as const);
  const { endedAt, marks } = manifest;
  return {
    ...headOf(job, copy.store.location, 'completed'),
    ...(marks && { marks }),
    ...databaseSpans(manifest),
    endedAt,
    seconds: (Date.parse(endedAt) - Date.parse(job.startedAt)) / 1000,
    components: Object.fromEntries(summaries),
    bytes: summaries.reduce((sum, [, { bytes }]) => sum + bytes, 0),
    storedBytes: summaries.reduce((sum, [, { storedBytes }]) => sum + storedBytes, 0),
    checksum: refOf('', checksums).sha256,
    manifestSha256: refOf('', sealed).sha256,
    stores,
    storedAt: (await copy.store.clock()).toISOString(),
    verifiedAt: new Date().toISOString(),
  };
}

/** What is made of the heads: nothing that was done fails for it. */
export async function renewCatalogLines(context: SiteContext, copy: RepositoryCopy): Promise<void> {
  await renewSnapshot(copy, cancellationSignal()).catch((error: unknown) => {
    cancellationSignal().throwIfAborted();
    log.warn('no snapshot of the catalog was made: lists take longer', {
      store: copy.store.name,
      ...reportError(error),
    });
  });
  if (copy.store.kind !== 'dir') return;
  const days = (head: BackupHead) => retentionDaysOf(context.config, head.tier, copy.store.name);
  await writeCatalogLines(copy, days);
}

/** Marks it failed and removes its objects, in every store that got some. May run any number of times. */
export async function discardBackup(context: SiteContext, job: BackupJob): Promise<Discarded> {
  const warnings: string[] = [];
  const repository = await context.repository({ create: true });
  const signal = cancellationSignal();
  for (const store of [job.store, ...job.copies]) {
    const copy = repository.copy(store);
    const head = await getHead(copy, job.backupId).catch(() => undefined);
    if (head?.status === 'completed') continue;
    // Removed first: where the store is full, that makes the room in which to say so.
    const { objects, locked, until } = await removeUnlocked(copy, job.backupId, { signal });
    const mode = job.locks?.[store]?.mode ?? 'governance';
    const storedAt = (await copy.store.clock()).toISOString();
    await putHead(copy, {
      ...{ ...headOf(job, copy.store.location, 'failed'), endedAt: new Date().toISOString(), storedAt },
      ...(until && { lock: { mode, until: until.toISOString() } }),
    });
    if (until)
      warnings.push(`${locked} objects of the discarded backup stay in ${store}, locked until ${until.toISOString()}`);
    log.info('objects of a failed backup removed', { removed: objects, locked });
    await renewCatalogLines(context, copy);
  }
  return { warnings };
}
