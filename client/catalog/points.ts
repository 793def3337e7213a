/** Recoverable points of every component, read straight from the stores. */
import type { BackupHead, SealedManifest } from '../../domain/backup';
import { componentRefs } from '../../domain/config/names';
import type { Config } from '../../domain/config/types';
import { isHoldfastError } from '../../domain/errors';
import { formatInstant } from '../../domain/instant';
import { formatLsn, parseLsn } from '../../domain/lsn';
import type { RestoreTime } from '../../domain/objectives';
import { type Promised, promisedOf } from '../../domain/promised';
import { type RecoverableBackup, recoverableIntervals, type StoredTimeline } from '../../domain/recoverable';
import { isPoint } from '../../domain/recovery-points';
import type { RepositoryCopy } from '../../repository/copy';
import type { Repository } from '../../repository/repository';
import { getSealedManifest } from '../../repository/sealed-manifest';
import { WalArchive } from '../../repository/wal/archive';
import { walObjects } from '../../repository/wal/bind';
import { opaque, systemsOf } from '../../repository/wal/marks';
import { say } from '../output/say';
import { type FilesCopy, filesPoints } from './files-points';
import { readCatalog } from './heads';
import { LedgerOfArchive, type LedgerView, type PointGap } from './ledger';
import { type NamedPoint, namedPoints } from './recovery-points';
import { restoreTime, samplesOf } from './restore-time';

export interface PointInterval {
  timeline: number;
  from: string;
  to: string;
  fromLsn: string;
  toLsn: string;
  backups: string[];
}

export interface ComponentPoints {
  site: string;
  component: string;
  kind: 'postgres' | 'files';
  /** Files: the moments of their backups. */
  moments: { backupId: string; at: string }[];
  store?: string;
  systemIdentifier?: string;
  intervals: PointInterval[];
  gaps: PointGap[];
  /** Recovery points of a tier that lie in it; none: absent. */
  named?: NamedPoint[];
  /** What the shipper found when it looked for the last time; absent for files. */
  ledger?: LedgerView;
  /** Everything that was durable on the server at this time is stored. */
  coveredUntil?: string;
  /** What would be lost if everything but the stores were gone now; of files since their newest backup began. */
  rpoSeconds?: number;
  /** When commits began or ceased to wait for the stores, the newest last; none where they never did. */
  switches?: CommitSwitches[];
  /** What a restore of it from this store would take now. */
  rto?: RestoreTime;
  /** Files: what each store has, of which the figures above are the best. */
  copies?: FilesCopy[];
  /** What is promised of it. */
  objectives?: Promised;
}

export interface CommitSwitches {
  at: string;
  commits: 'synchronous' | 'asynchronous';
  mode: string;
  reason: string;
}

export async function recoverablePoints(
  repository: Repository | undefined,
  config: Config,
  sites: string[],
): Promise<ComponentPoints[]> {
  if (repository === undefined) return [];
  const { heads } = await readCatalog(repository);
  const completed = heads.filter(({ status }) => status === 'completed');
  const points: ComponentPoints[] = [];
  const samples = await samplesOf(repository.copies);
  const marked = completed.filter(isPoint);
  for (const { site, name, component } of sites.flatMap((one) => componentRefs(config, one))) {
    const own = completed.filter((head) => head.site === site && head.components[name] !== undefined);
    const objectives = promisedOf(config, component);
    if (component.kind === 'files') {
      points.push({ ...filesPoints({ site, name }, own, samples, await now(repository)), objectives });
      continue;
    }
    const manifests = await manifestsOf(repository, own);
    for (const copy of repository.copies) {
      for (const one of await ofDatabase(repository, copy, site, name, manifests)) {
        const newest = one.intervals.at(-1);
        const rto = newest && restoreTime(own, name, copy.store.name, samples, newestWal(newest, manifests, name));
        const named = namedPoints(marked, name, one.systemIdentifier ?? '');
        points.push({ ...one, ...(named.length > 0 && { named }), ...(rto && { rto }), objectives });
      }
    }
  }
  return points;
}

async function ofDatabase(
  repository: Repository,
  copy: RepositoryCopy,
  site: string,
  component: string,
  manifests: SealedManifest[],
): Promise<ComponentPoints[]> {
  const objects = walObjects(repository);
  const owner = { system: copy.system, site, component };
  const systems = await systemsOf(copy.store, objects, owner);
  const found: ComponentPoints[] = [];
  for (const systemIdentifier of systems) {
    const archive = await WalArchive.open(objects, copy.store, systemIdentifier);
    if (archive === undefined) continue;
    const { timelines } = await archive.extents();
    const ledger = await LedgerOfArchive.read(archive, opaque(objects, owner));
    const stored: StoredTimeline[] = [];
    for (const extents of timelines) {
      const { timeline, coverage } = extents;
      const intervals = ledger.usable(extents);
      const path = await archive.timelinePath(timeline).catch(() => [{ timeline, from: 0n }]);
      const covered = coverage && { lsn: coverage.lsn, time: formatInstant(coverage.serverTime) };
      stored.push({ timeline, path, intervals, coverage: covered });
    }
    // Of the timeline that is lived on: a higher number may be that of a restore that was put back.
    const coverage = stored.flatMap((one) => one.coverage ?? []).reduce(later, undefined);
    const now = (await copy.store.clock()).getTime();
    const switches = await archive.readSwitches(shownSwitches);
    found.push({
      site,
      component,
      kind: 'postgres',
      moments: [],
      store: copy.store.name,
      systemIdentifier,
      intervals: recoverableIntervals(backupsOf(manifests, component, systemIdentifier), stored).map((one) => ({
        ...one,
        fromLsn: formatLsn(one.fromLsn),
        toLsn: formatLsn(one.toLsn),
      })),
      gaps: ledger.gaps(timelines),
      ledger: ledger.view(),
      ...(coverage && {
        coveredUntil: coverage.time,
        rpoSeconds: Math.max(0, (now - Date.parse(coverage.time)) / 1000),
      }),
      ...(switches.length > 0 && { switches: switches.map((one) => ({ ...one, at: formatInstant(one.at) })) }),
    });
  }
  return found;
}

/** By the clock of a store: this host may be anybody's. */
async function now({ copies: [copy] }: Repository): Promise<Date> {
  return copy ? await copy.store.clock() : new Date();
}

const shownSwitches = 10;

/** What is replayed on top of the newest backup of an interval. */
function newestWal({ backups, toLsn }: PointInterval, manifests: SealedManifest[], component: string) {
  const manifest = manifests.find(({ backupId }) => backupId === backups.at(-1));
  return { fromLsn: manifest?.components[component]?.postgres?.startLsn ?? toLsn, toLsn };
}

type Covered = NonNullable<StoredTimeline['coverage']>;

function later(one: Covered | undefined, other: Covered): Covered {
  return one === undefined || other.time > one.time ? other : one;
}

function backupsOf(manifests: SealedManifest[], component: string, systemIdentifier: string): RecoverableBackup[] {
  return manifests.flatMap(({ backupId: id, components }) => {
    const facts = components[component]?.postgres;
    if (facts === undefined || facts.systemIdentifier !== systemIdentifier) return [];
    const { timeline, startLsn, stopLsn, stopTime } = facts;
    return [{ id, timeline, startLsn: parseLsn(startLsn), stopLsn: parseLsn(stopLsn), stopTime }];
  });
}

/** Of each backup from the first store that has it whole; a damaged one is told and left out. */
async function manifestsOf(repository: Repository, heads: BackupHead[]): Promise<SealedManifest[]> {
  const manifests: SealedManifest[] = [];
  for (const head of heads) {
    let problem: string | undefined;
    for (const copy of repository.copies) {
      if (!head.stores.includes(copy.store.name)) continue;
      try {
        manifests.push(await getSealedManifest(copy, head));
        problem = undefined;
        break;
      } catch (error) {
        if (!isHoldfastError(error)) throw error;
        problem = error.message;
      }
    }
    if (problem !== undefined) say(`warning: ${head.id}: ${problem}`);
  }
  return manifests;
}
