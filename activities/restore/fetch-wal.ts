/**
 * Reads all WAL that the replay needs, keeps its beginning in a spool beside the target, and decides what PostgreSQL is to be told.
 * Nothing of the target has been touched yet: what cannot be reached is refused here.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cancellationSignal, log } from '@temporalio/activity';
import { fillSpool } from '../../components/postgres/wal/spool';
import type { PostgresFacts } from '../../domain/backup';
import { decideRecovery, type ReplayTarget } from '../../domain/decide-recovery';
import { HoldfastError, isHoldfastError } from '../../domain/errors';
import { formatInstant, parseInstant } from '../../domain/instant';
import { contiguousEnd } from '../../domain/intervals';
import { formatLsn, parseLsn, segmentOf } from '../../domain/lsn';
import { parseTarget, type RequestedTarget } from '../../domain/recovery-target';
import type { TimelineStretch } from '../../domain/timeline';
import { amongArchives, type WalReading } from '../../repository/wal/among';
import type { WalArchive } from '../../repository/wal/archive';
import { tellsOfStore } from '../answering';
import { beating } from '../beating';
import type { SiteContext } from '../context';
import type { FetchedWal, RestoreComponent, RestoreJob } from '../contracts';
import { openArchives } from '../wal/archives';
import { namedBackup } from './copies';
import { ownerOfTarget } from './owner';
import { resolveRestore } from './resolve';
import { keepSpoolPlan, segmentsAtOnce, spoolBudget, spoolOf } from './spool-plan';
import { waysOf } from './timelines';
import { makeWorkDir, removeWorkDirs } from './work-dir';

/** What the later steps need to know; kept in the work folder. */
export interface ReplayOrder {
  tell: ReplayTarget;
  timeline: string;
  tablespaces: { oid: number; path: string }[];
  /** Time of the last transaction that is to be there, as the scan of the WAL knows it; microseconds since 1970. */
  last?: string;
}

/** Other backups and timelines are tried only where the target may lie there. */
const triesOthers = new Set([
  'target_not_found',
  'timestamp_out_of_range',
  'target_invalid',
  'timeline_unreachable',
  'wal_gap',
]);

/** Older backups are tried when the target lies on a way that only they can take. */
export async function fetchWal(context: SiteContext, job: RestoreJob): Promise<FetchedWal> {
  let refusal: unknown;
  for (let at = job; ; ) {
    try {
      return await fetchFor(context, at);
    } catch (error) {
      refusal ??= error;
      const next = at.candidates[0];
      if (next === undefined || !isHoldfastError(error) || !liesElsewhere.has(error.code)) throw refusal;
      await removeSpools(at);
      const older = await resolveRestore(context, job.request, next);
      at = { ...older, candidates: at.candidates.slice(1) };
    }
  }
}

const liesElsewhere = new Set(['target_not_found', 'timestamp_out_of_range']);

async function fetchFor(context: SiteContext, job: RestoreJob): Promise<FetchedWal> {
  let reaches: string | undefined;
  let instant: string | undefined;
  let walBytes: number | undefined;
  const warnings = [...job.warnings];
  for (const component of job.components) {
    const { manifest } = await namedBackup(context, component.from?.backupId ?? job.backupId);
    const facts = manifest.components[component.name]?.postgres;
    if (!facts) continue;
    const reached = await spoolComponent(context, job, component, facts);
    reaches ??= reached.reaches;
    instant ??= reached.instant;
    walBytes = (walBytes ?? 0) + reached.walBytes;
    warnings.push(...reached.warnings);
  }
  return { job: { ...job, warnings }, reaches, instant, walBytes };
}

async function spoolComponent(
  context: SiteContext,
  job: RestoreJob,
  component: RestoreComponent,
  facts: PostgresFacts,
) {
  const { workDir, from } = component;
  const { onlyStore } = job.request;
  const preferred = from?.store ?? job.store;
  const archives = await openArchives(context, facts.systemIdentifier, preferred, onlyStore);
  const first = await beginningArchive(archives, facts);
  if (!first) {
    throw new HoldfastError('wal_gap', 'the stores hold no WAL of this database system', {
      hints: ['restore from a store that has it'],
    });
  }
  const taken = new Set<string>();
  const others = archives.filter((one) => one !== first);
  const archive = amongArchives(first, others, (one) => {
    log.error('WAL is not right in a store and was taken from another', { ...one, segment: String(one.segment) });
    taken.add(`WAL that is not right in ${one.instead} was taken from ${one.from}`);
  });
  await refuseLeftBranch(archive, facts);
  makeWorkDir(workDir);
  const dir = spoolOf(workDir);
  const budget = await spoolBudget(context, job, workDir);
  let refusal: unknown;
  const target = parseTarget(from?.at ?? job.request.at);
  const wanted = from?.timeline ?? job.request.timeline;
  const at = target.kind === 'time' ? target.at : undefined;
  if (archive.isHidden(facts.timeline, parseLsn(facts.startLsn))) throw lettingGo(facts, target);
  for (const timeline of await waysOf(archive, facts, wanted, at)) {
    try {
      const reached = await spoolTimeline({ context, archive, job, target, facts, dir, workDir, budget, timeline });
      return { ...reached, warnings: [...reached.warnings, ...taken] };
    } catch (error) {
      if (!isHoldfastError(error) || !triesOthers.has(error.code)) throw error;
      refusal ??= error;
      rmSync(dir, { recursive: true, force: true });
    }
  }
  throw refusal;
}

/** The first that has the WAL which the backup begins with; else the first: stores keep their WAL for times of their own. */
async function beginningArchive(
  archives: WalArchive[],
  { timeline, startLsn }: PostgresFacts,
): Promise<WalArchive | undefined> {
  const start = parseLsn(startLsn);
  for (const archive of archives.length < 2 ? [] : archives) {
    try {
      const intervals = await archive.intervals(timeline, segmentOf(start, archive.segmentSize));
      if (contiguousEnd(intervals, start) > start) return archive;
    } catch (error) {
      if (!tellsOfStore(error)) throw error;
    }
  }
  return archives[0];
}

function lettingGo({ startLsn, stopTime }: PostgresFacts, target: RequestedTarget): HoldfastError {
  const code =
    target.kind === 'latest' || target.kind === 'end-of-backup' ? 'backup_unusable' : 'timestamp_out_of_range';
  return new HoldfastError(code, `retention removed the WAL from ${startLsn} on that this backup needs`, {
    where: `the backup that ended at ${stopTime}`,
    hints: ['choose a later target or backup: holdfast points shows what can be reached'],
  });
}

interface SpoolTimeline {
  context: SiteContext;
  archive: WalReading;
  job: RestoreJob;
  target: RequestedTarget;
  facts: PostgresFacts;
  dir: string;
  workDir: string;
  budget: number | undefined;
  timeline: { timeline: number; path: TimelineStretch[] };
}

async function spoolTimeline(order: SpoolTimeline) {
  const { context, archive, job, target, facts, dir, workDir, budget, timeline } = order;
  const { inclusive } = job.request;
  const stopLsn = parseLsn(facts.stopLsn);
  // Before the last look at the WAL: it speaks of what is stored by now.
  const mark = await archive.coverageOf(timeline.path);
  const { facts: found, segments } = await fillSpool({
    parallel: segmentsAtOnce(context),
    ...{ archive, path: timeline.path, from: parseLsn(facts.startLsn), dir, target, inclusive, consistentAt: stopLsn },
    ...{ budget, durable: job.request.placeOnly, owner: ownerOfTarget(facts, job.request.owner) },
    signal: cancellationSignal(),
    onProgress: beating(),
  });
  const backup = { stopLsn, stopTime: parseInstant(facts.stopTime) };
  const decision = decideRecovery({ target, inclusive, backup, facts: found, coverage: mark });
  const last = decision.lastTransaction?.time;
  const replayed: ReplayOrder = {
    tell: decision.tell,
    timeline: String(timeline.timeline),
    tablespaces: found.tablespaces.map(({ oid, path: place }) => ({ oid, path: place })),
    ...(last !== undefined && { last: String(last) }),
  };
  await keepSpoolPlan(workDir, segments, { budget, segmentSize: archive.segmentSize });
  writeFileSync(path.join(workDir, 'replay.json'), JSON.stringify(replayed, bigintsAsText), { mode: 0o600 });
  const instant = target.kind === 'time' ? target.at : last;
  return {
    reaches: decision.reaches,
    instant: instant === undefined ? undefined : formatInstant(instant),
    walBytes: Number(found.storedTo - found.from),
    warnings: decision.warnings,
  };
}

function bigintsAsText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}

export function replayOrder(workDir: string): ReplayOrder {
  const order = JSON.parse(readFileSync(path.join(workDir, 'replay.json'), 'utf8')) as ReplayOrder;
  const { tell } = order;
  return tell.kind === 'time' ? { ...order, tell: { ...tell, at: BigInt(tell.at) } } : order;
}

/**
 * A server that was rewound goes on under the same timeline: a backup of the branch that was left shares its numbers with WAL
 * that is not its own.
 */
async function refuseLeftBranch(archive: WalReading, facts: PostgresFacts): Promise<void> {
  const stop = parseLsn(facts.stopLsn);
  for (const { timeline, from, at } of await archive.quarantines()) {
    if (timeline !== facts.timeline || stop <= from || facts.stopTime >= at) continue;
    throw new HoldfastError('backup_unusable', 'the backup is of a history that its server was rewound from', {
      where: `timeline ${timeline}, ${formatLsn(from)}`,
      hints: ['choose a backup that ended before the server was rewound to this position, or a later one'],
    });
  }
}

async function removeSpools(job: RestoreJob): Promise<void> {
  removeWorkDirs(job.components.map(({ workDir }) => workDir));
}
