/** Which backup a restore begins with: the one named, or the newest that ends before the target (docs/data-safety.md, C21). */
import { cancellationSignal } from '@temporalio/activity';
import type { BackupHead, SealedManifest } from '../../domain/backup';
import { HoldfastError } from '../../domain/errors';
import { parseInstant } from '../../domain/instant';
import { parseLsn } from '../../domain/lsn';
import { isPoint } from '../../domain/recovery-points';
import { describeTarget, type RequestedTarget } from '../../domain/recovery-target';
import type { RepositoryCopy } from '../../repository/copy';
import { backupOfHead, listHeads } from '../../repository/heads';
import { removalsUnderWay } from '../../repository/leases';
import { headKey } from '../../repository/names';
import { getSealedManifest } from '../../repository/sealed-manifest';
import { answering } from '../answering';
import type { SiteContext } from '../context';
import { type HeldBackup, namedBackup, wholeCopy } from './copies';
import { liesOn, type Way, wayOfSystem } from './timelines';

export interface Chosen extends HeldBackup {
  /** Older ones that may hold the target too: where it lies only the WAL tells. */
  older: string[];
}

export interface Narrower {
  timeline?: string;
  /** A database of this name and system is wanted; absent: whatever there is. */
  name?: string;
  systemIdentifier?: string;
}

export async function chooseBackup(
  context: SiteContext,
  wanted: string,
  target: RequestedTarget,
  narrower: Narrower = {},
): Promise<Chosen> {
  const chosen = await choose(context, wanted, target, narrower);
  return { ...chosen, ...(await wholeCopy(context, chosen)) };
}

async function choose(
  context: SiteContext,
  wanted: string,
  target: RequestedTarget,
  { timeline, name, systemIdentifier }: Narrower,
): Promise<Chosen> {
  if (wanted !== 'latest') return { ...(await namedBackup(context, wanted)), older: [] };
  const all = await completed(context);
  const backups = all.filter(({ head }) => !isPoint(head));
  // Where there is no database a point is all that a backup is.
  const heads = (backups.length > 0 ? backups : all).filter(({ head }) => name === undefined || head.components[name]);
  const way = new PresentWay(context, timeline, name);
  const candidates: (HeldBackup & { onWay: boolean })[] = [];
  const byContents = target.kind === 'name' || target.kind === 'xid';
  for (const [at, { head }] of heads.entries()) {
    const { copy, manifest } = await namedBackup(context, head.id);
    if (!endsBefore(manifest, target, name)) continue;
    if (systemIdentifier !== undefined && databaseOf(manifest, name)?.postgres?.systemIdentifier !== systemIdentifier)
      continue;
    if (byContents) return { copy, manifest, older: heads.slice(at + 1).map((one) => one.head.id) };
    candidates.push({ copy, manifest, onWay: await way.holds(manifest) });
    if (candidates.at(-1)?.onWay) break;
  }
  const [newest, best] = [candidates[0], candidates.at(-1)];
  if (newest && best) {
    // A backup of a branch that was left serves a time when that branch was alive; the present end lies elsewhere.
    if (best.onWay && (target.kind === 'latest' || timeline !== undefined)) return { ...best, older: [] };
    return { ...newest, older: best.onWay && best !== newest ? [best.manifest.backupId] : [] };
  }
  if (heads.length === 0) throw nothing(context);
  const oldest = heads.at(-1);
  const manifest = oldest && (await getSealedManifest(oldest.copy, oldest.head));
  const first = manifest && databaseOf(manifest, name)?.postgres;
  throw new HoldfastError('timestamp_out_of_range', `no backup ends before ${describeTarget(target)}`, {
    hints: [
      first
        ? `the earliest recoverable point is ${first.stopTime} (${first.stopLsn})`
        : 'holdfast points shows what can be reached',
    ],
  });
}

/**
 * Newest first, one entry a backup: in the first store of the configuration that has it. A recovery point is none: it is restored by its own name.
 * @throws HoldfastError `catalog_damaged` when a newer backup is hidden behind a head that no store can show
 */
export async function completedHeads(context: SiteContext): Promise<{ head: BackupHead; copy: RepositoryCopy }[]> {
  return (await completed(context)).filter(({ head }) => !isPoint(head));
}

/** Recovery points, newest first. */
export async function completedPoints(context: SiteContext): Promise<BackupHead[]> {
  return (await completed(context)).map(({ head }) => head).filter(isPoint);
}

async function completed(context: SiteContext): Promise<{ head: BackupHead; copy: RepositoryCopy }[]> {
  const { copies, unavailable } = await context.repository();
  const found = new Map<string, { head: BackupHead; copy: RepositoryCopy }>();
  const readable = new Set<string>();
  const damaged = new Map<string, RepositoryCopy>();
  const look = async (copy: RepositoryCopy) => ({
    list: await listHeads(copy, cancellationSignal()),
    going: await removalsUnderWay(copy),
  });
  for (const { copy, answer } of await answering(copies, look)) {
    const { list, going } = answer;
    for (const { key } of list.damaged) damaged.set(backupOfHead(key), copy);
    for (const head of list.heads) {
      readable.add(head.id);
      if (going.has(head.id)) continue;
      if (head.status === 'completed' && head.site === context.site && !found.has(head.id))
        found.set(head.id, { head, copy });
    }
  }
  if (found.size === 0 && unavailable[0]) throw unavailable[0].error;
  const heads = [...found.values()].sort((a, b) => (a.head.startedAt < b.head.startedAt ? 1 : -1));
  const newest = heads[0]?.head.startedAt ?? '';
  for (const [id, copy] of damaged) {
    if (readable.has(id) || !(await hidesNewer(context, copy, id, newest))) continue;
    throw new HoldfastError('catalog_damaged', `the entry of the newest backup in the catalog is damaged: ${id}`, {
      where: `${copy.store.name}:${headKey(id)}`,
      hints: ['holdfast catalog rebuild makes it again', 'or name the backup to restore: holdfast list'],
    });
  }
  return heads;
}

/** A backup that was never finished has no manifest, and its head hides nothing. */
async function hidesNewer(context: SiteContext, copy: RepositoryCopy, id: string, than: string): Promise<boolean> {
  const manifest = await getSealedManifest(copy, { id }).catch(() => undefined);
  return manifest !== undefined && manifest.site === context.site && manifest.startedAt > than;
}

function endsBefore(manifest: SealedManifest, target: RequestedTarget, name: string | undefined): boolean {
  const facts = databaseOf(manifest, name)?.postgres;
  if (!facts) return target.kind !== 'time' || parseInstant(manifest.endedAt) <= target.at;
  if (target.kind === 'time') return parseInstant(facts.stopTime) <= target.at;
  if (target.kind === 'lsn') return parseLsn(facts.stopLsn) <= target.lsn;
  return true;
}

function databaseOf(manifest: SealedManifest, name?: string) {
  if (name !== undefined) return manifest.components[name];
  return Object.values(manifest.components).find(({ postgres }) => postgres !== undefined);
}

function nothing({ site }: SiteContext): HoldfastError {
  return new HoldfastError('backup_not_found', `there is no completed backup of ${site}`, {
    hints: ['holdfast backup makes one', 'where the catalog was lost: holdfast catalog rebuild'],
  });
}

/** Tells whether a backup lies on the way to the database's present timeline, or to the one asked for. */
class PresentWay {
  private readonly ways = new Map<string, Way | undefined>();

  constructor(
    private readonly context: SiteContext,
    private readonly timeline: string | undefined,
    private readonly name: string | undefined,
  ) {}

  async holds(manifest: SealedManifest): Promise<boolean> {
    const facts = databaseOf(manifest, this.name)?.postgres;
    if (!facts) return true;
    const { systemIdentifier } = facts;
    if (!this.ways.has(systemIdentifier)) this.ways.set(systemIdentifier, await this.look(systemIdentifier));
    const way = this.ways.get(systemIdentifier);
    return way === undefined || liesOn(way, facts);
  }

  /** WAL that cannot be read is told of when it is needed, and keeps nobody from choosing a backup. */
  private look(systemIdentifier: string): Promise<Way | undefined> {
    return wayOfSystem(this.context, systemIdentifier, this.timeline).catch(() => undefined);
  }
}
