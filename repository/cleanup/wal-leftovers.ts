/**
 * WAL that nobody can use: parts beside the whole segment that replaced them, objects of stretches that are on record as removed, and everything that
 * lies before the oldest backup of its database in any store.
 */

import type { BackupHead } from '../../domain/backup';
import { addAmount, tellLeft } from '../../domain/cleanup/report';
import { parseLsn } from '../../domain/lsn';
import { doesNotTell } from '../../domain/retention/untold';
import type { WalWindow } from '../../domain/wal-keep';
import type { Repository } from '../repository';
import { WalArchive } from '../wal/archive';
import { walObjects } from '../wal/bind';
import { listSystems } from '../wal/marks';
import { removeWal } from '../wal/remove';
import { type Cleaning, isOld, Sweeper } from './cleaning';

/** @param heads of every store; absent: not every store could be asked, and so nobody knows what is needed */
export async function cleanWal(
  cleaning: Cleaning,
  repository: Repository,
  heads: BackupHead[] | undefined,
): Promise<void> {
  const { copy } = cleaning;
  for (const system of await listSystems(copy.store)) {
    const archive = await WalArchive.open(walObjects(repository), copy.store, system);
    if (!archive) continue;
    await cleanParts(cleaning, archive);
    if (heads === undefined)
      tellLeft(cleaning.outcome, `WAL of ${system}: not every store could be asked who needs it`);
    else await cleanUseless(cleaning, archive, heads);
  }
}

async function cleanParts(cleaning: Cleaning, archive: WalArchive): Promise<void> {
  const sweeper = new Sweeper(cleaning, 'wal');
  for (const timeline of await archive.timelines()) {
    let replaced = new Set<bigint>();
    for (const piece of await archive.pieces(timeline)) {
      if (piece.whole) replaced = replaced.add(piece.segment);
      else if (replaced.has(piece.segment) && isOld(cleaning, piece)) await sweeper.take(piece);
    }
  }
  await sweeper.flush();
}

/** A backup that builds upon nothing stored in a head tells nothing of its WAL: then all of it may be needed. */
async function cleanUseless(cleaning: Cleaning, archive: WalArchive, heads: BackupHead[]): Promise<void> {
  const { copy, remover, dryRun, signal, beat, outcome } = cleaning;
  const { systemIdentifier } = archive;
  const living = heads.filter(({ status }) => status === 'completed' || status === 'expired' || status === 'creating');
  const windows: WalWindow[] = [];
  for (const head of living) {
    if (doesNotTell(head)) {
      return tellLeft(
        outcome,
        `WAL of ${systemIdentifier}: ${head.id} does not say in the catalog what it needs of it`,
      );
    }
    for (const span of Object.values(head.databases ?? {})) {
      if (span.systemIdentifier !== systemIdentifier) continue;
      windows.push({ timeline: span.timeline, from: parseLsn(span.startLsn) });
    }
  }
  if (windows.length === 0) {
    tellLeft(outcome, `WAL of ${systemIdentifier}: no backup of that database is left, or none is made yet`);
    return;
  }
  const removed = await removeWal(copy, archive, { windows, spans: [], remover, dryRun, signal, onProgress: beat });
  addAmount(outcome, 'wal', removed);
  for (const { holder } of removed.gaveWayTo) tellLeft(outcome, `WAL of ${systemIdentifier}: in use by ${holder}`);
}
