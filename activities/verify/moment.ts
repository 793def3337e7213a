/** A random moment that a database can be restored to: from what the stores hold now. */
import type { SealedManifest } from '../../domain/backup';
import { HoldfastError } from '../../domain/errors';
import { formatInstant } from '../../domain/instant';
import { parseLsn } from '../../domain/lsn';
import { type RecoverableInterval, recoverableIntervals, type StoredTimeline } from '../../domain/recoverable';
import { drawMoment } from '../../domain/verification/moment';
import type { Chance } from '../../domain/verification/seeded';
import type { WalArchive } from '../../repository/wal/archive';
import type { SiteContext } from '../context';
import { completedHeads } from '../restore/choose';
import { namedBackup } from '../restore/copies';
import { openArchives } from '../wal/archives';

/** Manifests are read of so many backups: the newest. */
const looksAt = 20;

/**
 * @returns undefined where there are only files, which have no WAL
 * @throws HoldfastError `wal_gap` when there are databases and of none the WAL is stored
 */
export async function chooseMoment(
  context: SiteContext,
  manifests: SealedManifest[],
  chance: Chance,
): Promise<string | undefined> {
  const databases = Object.entries(manifests[0]?.components ?? {}).filter(([, { postgres }]) => postgres !== undefined);
  if (databases.length === 0) return undefined;
  for (const [name, { postgres }] of databases) {
    if (!postgres) continue;
    for (const archive of await openArchives(context, postgres.systemIdentifier)) {
      const at = drawMoment(await present(archive, manifests, name), chance);
      if (at !== undefined) return at;
    }
  }
  throw new HoldfastError('wal_gap', 'there is no point in time to choose from', {
    hints: ['holdfast points shows what can be reached'],
  });
}

/** @param backup an id, or `latest`: then the newest ones @throws HoldfastError `backup_not_found`, `backup_unusable` */
export async function manifestsOf(context: SiteContext, backup: string): Promise<SealedManifest[]> {
  if (backup !== 'latest') return [(await namedBackup(context, backup)).manifest];
  const manifests: SealedManifest[] = [];
  for (const { head } of (await completedHeads(context)).slice(0, looksAt)) {
    manifests.push((await namedBackup(context, head.id)).manifest);
  }
  if (manifests.length > 0) return manifests;
  throw new HoldfastError('backup_not_found', `there is no completed backup of ${context.site}`, {
    hints: ['holdfast backup makes one'],
  });
}

/** Of the timeline that reaches furthest: what a restore takes where none is named. */
async function present(
  archive: WalArchive,
  manifests: SealedManifest[],
  component: string,
): Promise<RecoverableInterval[]> {
  const { timelines } = await archive.extents();
  const stored: StoredTimeline[] = [];
  for (const { timeline, intervals, coverage } of timelines) {
    const path = await archive.timelinePath(timeline).catch(() => [{ timeline, from: 0n }]);
    const covered = coverage && { lsn: coverage.lsn, time: formatInstant(coverage.serverTime) };
    stored.push({ timeline, path, intervals, coverage: covered });
  }
  const backups = manifests.flatMap(({ backupId: id, components }) => {
    const facts = components[component]?.postgres;
    if (facts?.systemIdentifier !== archive.systemIdentifier) return [];
    const { timeline, startLsn, stopLsn, stopTime } = facts;
    return [{ id, timeline, startLsn: parseLsn(startLsn), stopLsn: parseLsn(stopLsn), stopTime }];
  });
  const all = recoverableIntervals(backups, stored);
  const furthest = all.reduce<RecoverableInterval | undefined>((a, b) => (a && a.to >= b.to ? a : b), undefined);
  return all.filter(({ timeline }) => timeline === furthest?.timeline);
}
