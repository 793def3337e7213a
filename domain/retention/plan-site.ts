/** The plan for the backups of a site in every store that can be seen. */
import type { BackupHead } from '../backup';
import type { Config } from '../config/types';
import { explainDecision } from './explain';
import { forgotten } from './forgotten';
import { refuseUnsafe } from './guards';
import { belowOf, type SeenStore } from './moved';
import { isFuture } from './order';
import { planStore } from './plan';
import { policyIn } from './policy';
import { isLasting } from './refuse';
import type { Timelines } from './timelines';
import type { Decision, Going, PlanOptions, ReasonKind, StorePlan, StoreView } from './types';
import { lockedOnly, nextUnlock } from './unlock';
import { untoldSay } from './untold';
import { neededWal } from './wal';

export interface SiteOptions {
  config: Pick<Config, 'tiers' | 'stores' | 'retention' | 'retentionDays' | 'sites'>;
  site: string;
  /** Stands instead of the tiers' ages for one run, milliseconds. */
  age?: number;
  /** A store could not be seen: what it holds may need what is seen. */
  partial: boolean;
  timelines?: Timelines;
}

/** @throws HoldfastError `retention_unsafe` */
export function planSite(views: StoreView[], options: SiteOptions): StorePlan[] {
  const { site, config, partial } = options;
  const moving = Object.values(config.tiers).some(({ strategy }) => strategy === 'tiered');
  const placed = views.map((view) => ({ view, below: belowIn(view, views, options) }));
  const alone = moving
    ? views.map((view) => ({ view, kept: keptIn(view, planStore(view, optionsFor(view.store, options))) }))
    : [];
  const countedUpon = moving ? leftFor(placed, site) : new Set<string>();
  const plans = placed.map(({ view, below }) => {
    const keptElsewhere = (id: string) =>
      !countedUpon.has(`${view.store} ${id}`) && alone.some((other) => other.view !== view && other.kept.has(id));
    return { view, decisions: planStore(view, { ...optionsFor(view.store, options), keptElsewhere, below }) };
  });
  return plans.map(({ view, decisions }) => {
    const own = view.heads.filter((head) => head.site === site);
    const untold = untoldSay(servedBy(view.store, plans, options).flatMap((one) => one.view.heads));
    refuseUnsafe(own, decisions, config.retention.minimum, view.now);
    return {
      store: view.store,
      decisions,
      known: own.filter(isLasting).map(({ id }) => id),
      wal: partial || untold.length > 0 ? [] : neededWal(...walOf(view.store, plans, options)),
      warnings: [...futures(own, view.now), ...incomplete(own), ...untold, ...forgotten(decisions)],
      going: goingOf(own, decisions),
      locked: lockedOnly(decisions),
      unlock: nextUnlock(view, decisions, config.retention.coolOff),
    };
  });
}

function goingOf(own: BackupHead[], decisions: Decision[]): Going[] {
  const heads = new Map(own.map((head) => [head.id, head]));
  return decisions
    .filter(({ action, archiving }) => action === 'remove' || archiving === 'begins')
    .map(({ backupId, ...decision }) => {
      const { tier, storedBytes = 0 } = heads.get(backupId) ?? {};
      return { backupId, ...(tier !== undefined && { tier }), storedBytes, why: explainDecision(decision) };
    });
}

/** How the backups of one store are judged. */
export function optionsFor(store: string, { config, site, age, timelines }: SiteOptions): PlanOptions {
  return { site, timelines, retention: config.retention, policyOf: policyIn(config, store, age) };
}

/** Where what has left a store is now, by what is seen of all others. */
export function belowIn(view: SeenStore, seen: SeenStore[], options: SiteOptions): PlanOptions['below'] {
  return belowOf(view, seen, { tiers: options.config.tiers, optionsOf: (store) => optionsFor(store, options) });
}

/** Copies (store and id) for which another store lets its own go: they count on no third one, and least of all on that. */
function leftFor(placed: { view: StoreView; below: PlanOptions['below'] }[], site: string): Set<string> {
  const copies = placed.flatMap(({ view, below }) =>
    view.heads.flatMap((head) => {
      const { state, to } = (head.site === site && below?.(head)) || {};
      return state === 'whole' ? [`${to} ${head.id}`] : [];
    }),
  );
  return new Set(copies);
}

/** In its own right: what is there for another one's sake goes with that. */
function keptIn({ heads }: StoreView, decisions: Decision[]): Set<string> {
  const completed = new Set(heads.filter(({ status }) => status === 'completed').map(({ id }) => id));
  const kept = decisions.filter(
    ({ action, reasons }) => action === 'keep' && reasons.some(({ kind }) => kind !== 'chain' && kind !== 'point'),
  );
  return new Set(kept.map(({ backupId }) => backupId).filter((id) => completed.has(id)));
}

/** Backups that are replayed from: those dated in the future too, since nobody knows when they were made. */
const beginnings = new Set<ReasonKind>(['window', 'point', 'future']);

interface Planned {
  view: StoreView;
  decisions: Decision[];
}

/**
 * What is replayed with the WAL of this store: its own backups, and those of stores that hold no WAL. Those of other sites too, where theirs is the same database
 * system: a standby's backups are replayed from the archive of its primary, and an archive is a system's.
 */
function walOf(store: string, plans: Planned[], options: SiteOptions): [BackupHead[], Set<string> | undefined] {
  const { config, site } = options;
  const served = servedBy(store, plans, options);
  const shared = served.map((plan) => ofSharedSystems(plan, options));
  const begins = [...served.map(({ decisions }) => decisions), ...shared.map(({ decisions }) => decisions)]
    .flat()
    .filter(({ reasons }) => reasons.some(({ kind }) => beginnings.has(kind)));
  const own = served.flatMap(({ view, decisions }) => {
    const gone = new Set(decisions.filter(({ action }) => action === 'remove').map(({ backupId }) => backupId));
    return view.heads.filter((head) => head.site === site && !gone.has(head.id));
  });
  const remaining = [...own, ...shared.flatMap(({ heads }) => heads)];
  const window = config.retention.wal === undefined ? undefined : new Set(begins.map(({ backupId }) => backupId));
  return [remaining, window];
}

/** Stores whose backups are replayed with the WAL of one. */
function servedBy(store: string, plans: Planned[], { config, site }: SiteOptions): Planned[] {
  const components = Object.values(config.sites[site]?.components ?? {});
  const holders = new Set(components.flatMap((one) => (one.kind === 'postgres' ? one.wal.to : [])));
  return plans.filter(({ view }) => view.store === store || !holders.has(view.store));
}

/** Other sites' backups of our systems, whatever becomes of them: that is decided there. One that is being made has a lease on its WAL. */
function ofSharedSystems({ view }: Planned, options: SiteOptions): { heads: BackupHead[]; decisions: Decision[] } {
  const systems = new Set(view.heads.filter(({ site }) => site === options.site).flatMap(identifiersOf));
  const heads = view.heads.filter(
    (head) =>
      head.site !== options.site &&
      (head.status === 'completed' || head.status === 'expired') &&
      identifiersOf(head).some((system) => systems.has(system)),
  );
  const sites = new Set(heads.map(({ site }) => site));
  const decisions = [...sites].flatMap((site) => planStore(view, optionsFor(view.store, { ...options, site })));
  return { heads: heads.map((head) => restrictedTo(systems, head)), decisions };
}

function identifiersOf({ databases = {} }: BackupHead): string[] {
  return Object.values(databases).map(({ systemIdentifier }) => systemIdentifier);
}

/** The rest of it is not our business: no WAL of it is looked at here. */
function restrictedTo(systems: ReadonlySet<string>, head: BackupHead): BackupHead {
  const shares = (name: string) => systems.has(head.databases?.[name]?.systemIdentifier ?? '');
  const some = <T>(all: Record<string, T>) => Object.fromEntries(Object.entries(all).filter(([name]) => shares(name)));
  return { ...head, components: some(head.components), databases: some(head.databases ?? {}) };
}

function futures(heads: BackupHead[], now: number): string[] {
  return heads
    .filter((head) => isFuture(head, now))
    .map(({ id, startedAt }) => `${id} is dated in the future (${startedAt}): it is kept, and counts for nothing`);
}

function incomplete(heads: BackupHead[]): string[] {
  const known = new Set(heads.map(({ id }) => id));
  return heads
    .filter(({ status }) => status === 'completed')
    .flatMap(({ id, chain = [] }) => {
      const missing = chain.find((one) => !known.has(one));
      return missing === undefined
        ? []
        : [`${id} cannot be restored from here: ${missing}, which it builds upon, is not there`];
    });
}
