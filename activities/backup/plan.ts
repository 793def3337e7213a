/**
 * Plans the packs of a component. The plan goes to the store; only its size goes into the history. In a later generation the
 * packs of the one before keep their numbers and contents, so that what is stored can be used again.
 */
import { cancellationSignal, log } from '@temporalio/activity';
import { connectionOf } from '../../components/config-file/open-repository';
import { withClient } from '../../components/postgres/connection';
import { type ChangedBlocks, changedBlocks } from '../../components/postgres/wal-summaries';
import type { PostgresFacts } from '../../domain/backup';
import { postgresOf } from '../../domain/config/names';
import { parseLsn } from '../../domain/lsn';
import type { PlanSummary, RunPlan } from '../../domain/pack';
import { eachRun, type Plannable, planRuns } from '../../domain/plan-runs';
import { type PreviousPacks, rememberPacks } from '../../domain/previous-packs';
import type { RepositoryCopy } from '../../repository/copy';
import type { GenerationRef } from '../../repository/names';
import { findPlan, getRunPlan, PlanWriter } from '../../repository/plans';
import type { SiteContext } from '../context';
import type { ComponentPlan, JobPart } from '../contracts';
import { chainState, withChanges } from './changes';
import { chainManifests } from './parent';
import { type SnapshotRecord, snapshotRecord } from './snapshot';
import { sourceOf } from './source';

const skippedNamed = 10;

export async function planComponent(context: SiteContext, part: JobPart): Promise<ComponentPlan> {
  const { backupId, component, generation, store } = part;
  const ref: GenerationRef = { backupId, component, generation };
  const copy = (await context.repository()).copy(store);
  const there = await findPlan(copy, ref);
  if (there) return told(there.summary);
  const record = await snapshotRecord(context, store, ref);
  const { entries, mayChange, expectedBytes } = await sourceOf(context, component, record);
  const writer = new PlanWriter(copy, ref);
  const previous = await previousPacks(copy, ref);
  const plan = planRuns(await changed(context, copy, part, record, entries()), { mayChange, previous, expectedBytes });
  const summary = await eachRun(plan, (run) => writer.putRun(run));
  return told(await writer.publish(summary));
}

/** Of a backup that builds upon others: with what may have changed of each file. */
async function changed(
  context: SiteContext,
  copy: RepositoryCopy,
  { chain, component }: JobPart,
  record: SnapshotRecord,
  entries: AsyncIterable<Plannable>,
): Promise<AsyncIterable<Plannable>> {
  if (chain === undefined) return entries;
  const manifests = await chainManifests(copy, chain);
  const { openedAt, postgres } = manifests.at(-1)?.components[component] ?? {};
  const sameSystem = postgres?.systemIdentifier === record.postgres?.server.systemIdentifier;
  // Another database: nothing of it is in the chain, whatever its files are called.
  if (!sameSystem) return entries;
  // On another timeline the files may be others': their times prove nothing, only their contents.
  const sameHistory = postgres?.timeline === record.postgres?.start.timeline;
  const readAfter = sameHistory && openedAt !== undefined ? new Date(openedAt) : undefined;
  const state = await chainState(copy, manifests, component);
  const blocks = sameHistory && postgres ? await toldBlocks(context, component, postgres, record) : undefined;
  return withChanges(entries, { state, readAfter, blocks });
}

/** From the beginning of the backup before to that of this one: what changed while that one was made counts too. */
async function toldBlocks(
  context: SiteContext,
  component: string,
  { startLsn, timeline, pageSize, relationSegmentBlocks }: PostgresFacts,
  { postgres }: SnapshotRecord,
): Promise<ChangedBlocks | undefined> {
  if (!postgres) return undefined;
  const { versionNum } = postgres.server;
  const stretch = { timeline, from: parseLsn(startLsn), to: parseLsn(postgres.start.startLsn) };
  const connection = await connectionOf(postgresOf(context.config, context.site, component));
  return await withClient(connection, async (client) => {
    const signal = cancellationSignal();
    const told = await changedBlocks({ client, versionNum, pageSize, relationSegmentBlocks, signal }, stretch);
    if (told.reason !== undefined) log.info(told.reason, { component });
    return told.blocks;
  });
}

function told({ runs, packs, files, bytes, lastFrom, skipped }: PlanSummary): ComponentPlan {
  const warnings = skipped.slice(0, skippedNamed).map(({ path, reason }) => `${path} is not backed up: ${reason}`);
  if (skipped.length > skippedNamed) warnings.push(`${skipped.length - skippedNamed} more are not backed up`);
  return { runs, packs, files, bytes, lastFrom, warnings };
}

/** The latest published plan before this generation. */
async function previousPacks(copy: RepositoryCopy, ref: GenerationRef): Promise<PreviousPacks | undefined> {
  let first: number | undefined;
  let latest: { ref: GenerationRef; runs: number } | undefined;
  for (let generation = 1; generation < ref.generation; generation++) {
    const earlier = { ...ref, generation };
    const head = await findPlan(copy, earlier);
    if (!head) continue;
    first ??= head.summary.packs;
    latest = { ref: earlier, runs: head.summary.runs };
  }
  if (!latest) return undefined;
  return rememberPacks(runsOf(copy, latest), first);
}

async function* runsOf(
  copy: RepositoryCopy,
  { ref, runs }: { ref: GenerationRef; runs: number },
): AsyncGenerator<RunPlan> {
  const head = await findPlan(copy, ref);
  for (let run = 0; run < runs; run++) yield await getRunPlan(copy, ref, run, head);
}
