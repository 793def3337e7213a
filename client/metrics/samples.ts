/** From what was read to what is told: pure. What was not measured gives no sample. */
import type { BackupHead } from '../../domain/backup';
import { componentRefs, storeNames } from '../../domain/config/names';
import type { Config } from '../../domain/config/types';
import type { Labels, MetricName, Sample } from '../../domain/metrics';
import { promisedOf, recoveryPointMissed, recoveryTimeMissed } from '../../domain/promised';
import { isPoint } from '../../domain/recovery-points';
import { proofHealth } from '../../domain/verification/proof-health';
import { lagsOf } from '../catalog/copies';
import { judgedMaintenance } from '../catalog/maintenance';
import { measuredHere } from '../catalog/objectives';
import type { ShipperLook } from '../procedures/shipper-state';
import type { StoreReading } from './readings';

export interface Read {
  /** Those that answered. */
  stores: StoreReading[];
  /** Absent while the engine does not answer. */
  shippers?: (ShipperLook & { site: string; component: string })[];
  /** When each store answered for the last time, in milliseconds. */
  measuredAt: Map<string, number>;
  /** When all this was read, in milliseconds. */
  now: number;
}

export function samplesFrom(
  config: Config,
  sites: string[],
  { stores, shippers = [], measuredAt, now }: Read,
): Sample[] {
  const { system } = config;
  return [
    ...stores.flatMap(({ components }) => components.flatMap((one) => ofComponent(system, one))),
    ...promises(config, sites, stores),
    ...proofs(config, sites, stores, Math.max(...measuredAt.values())),
    ...shippers.flatMap((one) => ofShipper(system, one)),
    ...sites.flatMap((site) => ofTiers({ system, site }, backupsOf(stores, site))),
    ...ofCopies(config, sites, stores, now),
    ...ofMaintenance(config, sites, stores, now),
    ...sites.flatMap((site) =>
      storeNames(config).flatMap((store) => ofStore({ system, site, store }, stores, measuredAt)),
    ),
  ];
}

function ofComponent(system: string, one: StoreReading['components'][number]): Sample[] {
  const { site, component, store = '', rpoSeconds, rto, ledger } = one;
  return given(
    { system, site, component, store },
    {
      holdfast_rpo_seconds: rpoSeconds,
      holdfast_rto_seconds: rto?.seconds,
      holdfast_ledger_checked_timestamp_seconds: ledger && Date.parse(ledger.checkedAt) / 1000,
      holdfast_ledger_faults: ledger?.faults,
      holdfast_wal_gaps: ledger?.gaps,
    },
  );
}

/** Where a store is away its proofs are unknown, and nothing is said. */
function proofs(config: Config, sites: string[], stores: StoreReading[], now: number): Sample[] {
  if (stores.length < storeNames(config).length) return [];
  const copies = stores.flatMap(({ store, heads }) => heads.map((head) => ({ store, head })));
  const refs = sites.flatMap((site) => componentRefs(config, site));
  return proofHealth(config.verification, refs, copies, now).flatMap(({ site, component, newest, failing, alarms }) =>
    given(
      { system: config.system, site, component },
      {
        holdfast_proof_timestamp_seconds: newest && Date.parse(newest.at) / 1000,
        holdfast_proof_overdue: Number(alarms && failing.length === 0),
        holdfast_proof_failing: failing.length,
      },
    ),
  );
}

/** Judged by the stores that answered, as `status` does. */
function promises(config: Config, sites: string[], stores: StoreReading[]): Sample[] {
  const measured = stores.flatMap(({ components }) => components);
  return sites
    .flatMap((site) => componentRefs(config, site))
    .flatMap((ref) => {
      const promised = promisedOf(config, ref.component);
      const own = measuredHere(measured, ref);
      const labels = { system: config.system, site: ref.site, component: ref.name };
      const first = backupsOf(stores, ref.site).length > 0;
      const missed = (objective: string, judged: boolean | undefined) =>
        given(
          { ...labels, objective },
          { holdfast_objective_missed: judged === undefined ? undefined : Number(judged) },
        );
      return [
        ...given(labels, {
          holdfast_rpo_objective_seconds: promised.rpoSeconds,
          holdfast_rto_objective_seconds: promised.rtoSeconds,
        }),
        ...missed('rpo', first ? recoveryPointMissed(promised, own) : undefined),
        ...missed('rto', recoveryTimeMissed(promised, own)),
      ];
    });
}

function ofShipper(system: string, one: NonNullable<Read['shippers']>[number]): Sample[] {
  const { site, component, state, mode, commits, slot } = one;
  const labels = { system, site, component };
  const waits = Number(commits?.state === 'synchronous');
  return [
    ...given(labels, {
      holdfast_shipper_streaming: Number(state === 'streaming'),
      holdfast_wal_retained_bytes: slot?.retainedBytes,
      holdfast_wal_room_bytes: slot?.bytesLeft,
      holdfast_wal_room_seconds: slot?.hoursLeft === undefined ? undefined : slot.hoursLeft * 3600,
    }),
    ...(mode === undefined ? [] : given({ ...labels, mode }, { holdfast_commits_synchronous: waits })),
  ];
}

function ofTiers(labels: Labels, backups: BackupHead[]): Sample[] {
  const newest = new Map(backups.map((head) => [`${head.tier}/${isPoint(head)}`, head]));
  return [...newest.values()].flatMap((last) =>
    given(
      { ...labels, tier: last.tier ?? '', kind: isPoint(last) ? 'point' : 'backup' },
      {
        holdfast_last_backup_timestamp_seconds:
          last.endedAt === undefined ? undefined : Date.parse(last.endedAt) / 1000,
        holdfast_last_backup_bytes: last.bytes,
        holdfast_last_backup_stored_bytes: last.storedBytes,
      },
    ),
  );
}

/** Of a backup in stores that do not answer alone nobody knows that it lacks a copy: as long as there may be one, nothing that is told of the others says that none is missing. */
function ofCopies(config: Config, sites: string[], stores: StoreReading[], now: number): Sample[] {
  if (stores.length === 0) return [];
  const holdings = stores.map(({ store, heads }) => ({ store, heads, unreadable: new Set<string>() }));
  const answers = new Set(stores.map(({ store }) => store));
  const allSeen = Object.values(config.tiers).every(({ to, copies }) => !copies || to.some((one) => answers.has(one)));
  const known = lagsOf(config, sites, holdings, now).filter(({ missing }) => allSeen || missing > 0);
  return known.flatMap(({ site, store, missing, ageSeconds, late }) =>
    given(
      { system: config.system, site, store },
      {
        holdfast_copies_missing: missing,
        holdfast_copies_missing_age_seconds: ageSeconds,
        holdfast_copies_late: Number(late),
      },
    ),
  );
}

/** Nothing is known of it as long as no store answers. */
function ofMaintenance(config: Config, sites: string[], stores: StoreReading[], now: number): Sample[] {
  if (stores.length === 0) return [];
  const marks = stores.flatMap(({ maintenance }) => maintenance);
  const heads = stores.flatMap((one) => one.heads);
  return judgedMaintenance(config, sites, marks, heads, now).flatMap(({ site, work, lastCompleted, last, overdue }) =>
    given(
      { system: config.system, site, work },
      {
        holdfast_maintenance_completed_timestamp_seconds:
          lastCompleted === undefined ? undefined : Date.parse(lastCompleted) / 1000,
        holdfast_maintenance_overdue: Number(overdue),
        holdfast_maintenance_failing: Number(last?.outcome === 'refused' || last?.outcome === 'failed'),
      },
    ),
  );
}

/** The time stays when a store is away: how long ago it was is what matters then. */
function ofStore(labels: Labels & { store: string }, stores: StoreReading[], measuredAt: Read['measuredAt']): Sample[] {
  const at = measuredAt.get(labels.store);
  return given(labels, {
    holdfast_store_measured: Number(stores.some(({ store }) => store === labels.store)),
    holdfast_measured_timestamp_seconds: at === undefined ? undefined : at / 1000,
  });
}

/** Of all stores, each once, oldest first. */
function backupsOf(stores: StoreReading[], site: string): BackupHead[] {
  const byId = new Map(stores.flatMap(({ backups }) => backups).map((head) => [head.id, head]));
  return [...byId.values()].filter((head) => head.site === site).sort((a, b) => (a.startedAt < b.startedAt ? -1 : 1));
}

function given(labels: Labels, values: Partial<Record<MetricName, number>>): Sample[] {
  const entries = Object.entries(values) as [MetricName, number | undefined][];
  return entries.flatMap(([name, value]) => (value === undefined ? [] : [{ name, labels, value }]));
}
