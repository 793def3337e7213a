/** Proving a backup from a store alone. */
import { cancellationSignal, heartbeat, log } from '@temporalio/activity';
import { HoldfastError } from '../../domain/errors';
import { contiguousEnd } from '../../domain/intervals';
import { parseLsn, segmentName, segmentOf } from '../../domain/lsn';
import { nothingDone, type RunOutcome } from '../../domain/runs';
import type { RepositoryCopy } from '../../repository/copy';
import { getDataKey } from '../../repository/data-key';
import { getHead } from '../../repository/heads';
import { addProof } from '../../repository/proofs';
import { clearText } from '../../repository/redact';
import { getSealedManifest } from '../../repository/sealed-manifest';
import {
  type VerifyOptions,
  verifyManifest as verifyDocuments,
  verifyRun as verifyOneRun,
} from '../../repository/verify';
import { renewCatalogLines } from '../backup/seal';
import { beating } from '../beating';
import type { SiteContext } from '../context';
import type { VerifyRunWork } from '../contracts';
import { inLanes } from '../in-lanes';
import { manifestOf } from '../restore/job';
import { verifyElsewhere } from '../restore/verify-elsewhere';
import { openArchives } from '../wal/archives';
import type { VerifyActivities, VerifyJob } from './contracts';
import { takenOfRun } from './inherited';
import { verifyMarks } from './marks';
import { refuseDamage, refuseLoss } from './refuse-damage';

export async function verifyManifest(context: SiteContext, job: VerifyJob): Promise<void> {
  const copy = (await context.repository()).copy(job.store);
  const head = await getHead(copy, job.backupId);
  for (const id of [...(head.chain ?? []), job.backupId]) {
    const { damaged } = await verifyDocuments(copy, await getHead(copy, id));
    refuseDamage(damaged);
  }
}

/** While a backup is being made it has no head that says `completed`: its manifest alone is what is verified. */
export async function verifyRun(context: SiteContext, work: VerifyRunWork): Promise<RunOutcome> {
  const { backupId, component, store, level, run, fresh, trusted, of } = work;
  const found = await manifestToVerify(context, work);
  const { copy, manifest } = found;
  const ref = manifest.components[component]?.indexes[run];
  if (!ref) throw new HoldfastError('invalid_backup', `run ${run} of ${component} is not in the manifest`);
  const dataKey = await getDataKey(copy, backupId);
  const signal = cancellationSignal();
  const taken = of && level === 'full' && (await takenOfRun(context, { of, from: backupId, store, component }, run));
  const options: VerifyOptions = {
    presence: level === 'presence',
    trusted: trusted && level === 'quick',
    signal,
    progress: beating(),
    allocate: (bytes) => context.threads.buffers.take(bytes),
    release: ({ buffer }) => context.threads.buffers.give(buffer),
    hash: (bytes) => context.threads.hashInThread(bytes, signal),
    each: (packs, verify) => inLanes(packs, context.packSlots, verify),
    ...(level === 'full'
      ? {
          open: async (object, pack, only) =>
            await context.threads.verifyPackInThread(
              { backupId, component, pack: pack.pack, dataKey, expected: pack, object, only },
              signal,
            ),
        }
      : {}),
    ...(taken && { only: ({ pack }) => Object.keys(taken[pack] ?? {}).map(Number) }),
  };
  const look = async (one: RepositoryCopy) => await verifyOneRun(one, ref, options);
  const { outcome, warnings } = work.elsewhere
    ? await verifyElsewhere(found, work, look)
    : { outcome: await look(copy), warnings: [] };
  if (fresh) refuseLoss(outcome.damaged);
  refuseDamage(outcome.damaged, of && `${of} builds upon it`);
  if (outcome.beside > 0) warnings.push(besideOf(work, outcome.beside));
  return { ...nothingDone, packs: outcome.packs, bytes: outcome.bytes, storedBytes: outcome.storedBytes, warnings };
}

/** The older backup itself is not whole, whatever becomes of those that build upon it. */
function besideOf({ backupId, store, of }: VerifyRunWork, count: number): string {
  const warning = `${count} packs of ${backupId} are damaged in ${store} where nothing of ${of} lies: verify ${backupId}`;
  log.error(warning);
  return warning;
}

async function manifestToVerify(context: SiteContext, { backupId, store, elsewhere }: VerifyRunWork) {
  if (elsewhere) return await manifestOf(context, { backupId, store });
  const copy = (await context.repository()).copy(store);
  return { copy, manifest: await getSealedManifest(copy, { id: backupId }) };
}

/** Whether the WAL that makes the backup consistent is still in a store. */
export async function verifyWal(
  context: SiteContext,
  job: Parameters<VerifyActivities['verifyWal']>[0],
): Promise<{ warnings: string[] }> {
  const warnings: string[] = [];
  const { manifest } = await manifestOf(context, job);
  await verifyMarks(context, manifest);
  for (const [name, { postgres }] of Object.entries(manifest.components)) {
    if (!postgres) continue;
    const [from, to] = [parseLsn(postgres.startLsn), parseLsn(postgres.stopLsn)];
    const archives = await openArchives(context, postgres.systemIdentifier, job.store);
    let held = false;
    for (const archive of archives) {
      const end = contiguousEnd(await archive.intervals(postgres.timeline, segmentOf(from, archive.segmentSize)), from);
      held ||= end >= to;
      if (job.level === 'quick' || end < to) continue;
      for (
        let segment = segmentOf(from, archive.segmentSize);
        segment <= segmentOf(to - 1n, archive.segmentSize);
        segment++
      ) {
        const fetched = await archive.fetchSegment(postgres.timeline, segment);
        if (fetched === undefined)
          throw lostSegment(name, segmentName(postgres.timeline, segment, archive.segmentSize));
        heartbeat(String(segment));
      }
    }
    if (!held && job.onlyStore !== undefined && getsNoWal(context, name, job.onlyStore)) {
      warnings.push(`${job.onlyStore} gets no WAL of ${name} (wal.to): a restore takes it from another store`);
    } else if (!held) {
      throw new HoldfastError('wal_gap', `the WAL that makes ${name} consistent is not stored`, {
        where: `${postgres.startLsn} to ${postgres.stopLsn}`,
        hints: ['the backup cannot be restored from this store: use another one, and make a new backup'],
      });
    }
  }
  return { warnings };
}

/** As its configuration wants it: no damage, but no whole copy either. */
function getsNoWal({ config, site }: SiteContext, component: string, store: string): boolean {
  const configured = config.sites[site]?.components[component];
  return configured?.kind === 'postgres' && !configured.wal.to.includes(store);
}

/** It was listed a moment ago. */
function lostSegment(name: string, segment: string): HoldfastError {
  return new HoldfastError('wal_gap', `the WAL that makes ${name} consistent is not stored`, {
    where: segment,
    hints: ['the backup cannot be restored from this store: use another one, and make a new backup'],
  });
}

/** The proof goes into the head of the copy that was looked at, and of no other. */
export async function recordVerified(
  context: SiteContext,
  {
    backupId,
    store,
    level,
    proof = { seconds: 0, outcome: 'passed' },
  }: Parameters<VerifyActivities['recordVerified']>[0],
): Promise<void> {
  const copy = (await context.repository()).copy(store);
  const findings = proof.findings?.slice(0, findingsKept).map((one) => clearText(copy, one));
  await addProof(copy, backupId, { ...proof, level, at: new Date().toISOString(), ...(findings && { findings }) });
  await renewCatalogLines(context, copy);
}

const findingsKept = 10;
