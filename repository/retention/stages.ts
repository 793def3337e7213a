/** One run of retention, stage by stage. Each stage looks again: what the plan chose is done only where what is seen now says the same. */

import { systemsOf } from '../../domain/retention/lineages';
import { planStore } from '../../domain/retention/plan';
import { belowIn, optionsFor, planSite, type SiteOptions } from '../../domain/retention/plan-site';
import { refuseClocks, refuseListing } from '../../domain/retention/refuse';
import { joined, type KnownTimeline, type Timelines } from '../../domain/retention/timelines';
import type { Action, Decision, StorePlan, StoreView } from '../../domain/retention/types';
import type { RepositoryCopy } from '../copy';
import { announceRemoval, removalDone, removalsUnderWay } from '../leases';
import { backupKeys } from '../names';
import { archiveBackups } from './archive';
import { expireBackups, type StageOptions } from './expire';
import { headsOf, lookAtStores } from './look';
import { rememberedIds } from './plans';
import { type Swept, sweepBackups } from './sweep';

export interface RetentionRun extends SiteOptions {
  /** What a store has of the timelines of a database system. */
  timelinesIn: (copy: RepositoryCopy, systemIdentifier: string) => Promise<KnownTimeline[]>;
  /** This machine's clock, milliseconds. */
  host: () => number;
  signal?: AbortSignal;
}

/** Stores as a stage sees them: those that a backup may have moved to are looked at again. */
export interface StageRun extends RetentionRun {
  copies: RepositoryCopy[];
}

/**
 * @param seen is shown what the plan is made of
 * @throws HoldfastError `clocks_disagree`, `listing_incomplete`, `catalog_damaged`, `retention_unsafe`
 */
export async function makePlan(
  copies: RepositoryCopy[],
  run: RetentionRun,
  seen?: (views: StoreView[]) => void,
): Promise<StorePlan[]> {
  const remembered = await rememberedIds(copies, run.site);
  const views = await lookAtStores(copies, run.signal);
  refuseClocks(views, run.host());
  refuseListing(views, run.site, remembered, run.config.retention.listingShare);
  seen?.(views);
  const timelines = joined(await Promise.all(copies.map((copy, at) => timelinesOf(copy, views[at], run))));
  return planSite(views, { ...run, timelines });
}

/** Of each system that its backups and points are of. */
async function timelinesOf(copy: RepositoryCopy, view: StoreView | undefined, run: RetentionRun): Promise<Timelines> {
  const own = (view?.heads ?? []).filter(({ site }) => site === run.site);
  const systems = new Set(own.flatMap((head) => systemsOf(head).map(([, system]) => system)));
  systems.delete('');
  const found = [...systems].map(async (system) => [system, await run.timelinesIn(copy, system)] as const);
  return new Map(await Promise.all(found));
}

/**
 * Takes back what somebody announced who was killed before he looked again, and what is to stay: until then nobody could rely on it. Of what was begun to be
 * removed nothing is taken back.
 */
export async function takeBackRemovals(
  copy: RepositoryCopy,
  { decisions }: PlannedStore,
  signal?: AbortSignal,
): Promise<void> {
  const staying = new Set(decisions.filter(({ action }) => action !== 'remove').map(({ backupId }) => backupId));
  const isWhole = async (backupId: string) => (await copy.store.head(backupKeys.sealed(backupId))) !== undefined;
  for (const backupId of await removalsUnderWay(copy)) {
    signal?.throwIfAborted();
    if (!staying.has(backupId) || !(await isWhole(backupId))) continue;
    await removalDone(copy, backupId);
    // He who announced it was not dead, and had looked for the last time: it is going, and nobody may rely on it.
    if (!(await isWhole(backupId))) await announceRemoval(copy, backupId, 'taken back too late');
  }
}

type PlannedStore = Pick<StorePlan, 'store' | 'decisions' | 'known'>;

/** @returns ids of those that expired now */
export async function expireStage(copy: RepositoryCopy, plan: PlannedStore, run: StageRun): Promise<string[]> {
  return await expireBackups(copy, stageOf(chosenTo('expire'), plan, run));
}

/** @returns ids of those that the plan archives, and that are archived now */
export async function archiveStage(copy: RepositoryCopy, plan: PlannedStore, run: StageRun): Promise<string[]> {
  const changes = stageOf(({ archiving }) => archiving !== undefined, plan, run);
  const begin = new Set(plan.decisions.flatMap((one) => (one.archiving === 'begins' ? [one.backupId] : [])));
  return (await archiveBackups(copy, changes)).filter((id) => begin.has(id));
}

/** @param remover one name for each attempt */
export async function sweepStage(
  copy: RepositoryCopy,
  plan: PlannedStore,
  run: StageRun,
  remover: string,
): Promise<Swept> {
  return await sweepBackups(copy, remover, stageOf(chosenTo('remove'), plan, run));
}

function chosenTo(action: Action): (one: Decision) => boolean {
  return (one) => one.action === action;
}

function stageOf(
  chosen: (one: Decision) => boolean,
  { store, decisions, known }: PlannedStore,
  run: StageRun,
): StageOptions {
  const planned = new Set(decisions.filter(chosen).map(({ backupId }) => backupId));
  const decide = async (view: StoreView): Promise<Decision[]> => {
    refuseListing([view], run.site, new Map([[store, known]]), run.config.retention.listingShare);
    const others = run.copies.filter((one) => one.store.name !== store);
    const seen = belowIn(view, [], run) && (await headsOf(others, run.signal));
    const below = seen && belowIn(view, seen, run);
    return planStore(view, { ...optionsFor(store, run), keptElsewhere: (id) => planned.has(id), below });
  };
  return { planned, decide, signal: run.signal };
}
