/** Whether the databases of a recovery point can be replayed to their marks: by what is listed, since the WAL of a day is not read for each point of it. */
import { heartbeat } from '@temporalio/activity';
import type { PointMark, SealedManifest } from '../../domain/backup';
import { HoldfastError } from '../../domain/errors';
import { contiguousEnd } from '../../domain/intervals';
import { formatLsn, type Lsn, parseLsn, segmentOf } from '../../domain/lsn';
import type { WalArchive } from '../../repository/wal/archive';
import type { SiteContext } from '../context';
import { markedSource } from '../restore/sources';
import { openArchives } from '../wal/archives';

/** @throws HoldfastError `wal_gap`, `timestamp_out_of_range` when no backup from before a mark is left */
export async function verifyMarks(context: SiteContext, { marks = {} }: SealedManifest): Promise<void> {
  for (const [name, mark] of Object.entries(marks)) {
    const { sealed } = await markedSource(context, name, mark);
    const from = parseLsn(sealed.postgres?.startLsn ?? mark.lsn);
    let missing: Lsn | undefined = from;
    for (const archive of await openArchives(context, mark.systemIdentifier)) {
      missing = await missingFrom(archive, from, mark);
      if (missing === undefined) break;
    }
    if (missing === undefined) continue;
    throw new HoldfastError('wal_gap', `the WAL that leads ${name} to the recovery point is not stored`, {
      where: `from ${formatLsn(missing)}, of ${formatLsn(from)} to ${mark.lsn}`,
      hints: ['choose another recovery point, and make a new backup', '`holdfast points` shows what can be reached'],
    });
  }
}

/** Undefined: nothing is missing on the way to the mark. */
async function missingFrom(archive: WalArchive, from: Lsn, { timeline, lsn }: PointMark): Promise<Lsn | undefined> {
  const end = parseLsn(lsn);
  for (const stretch of await archive.timelinePath(timeline)) {
    const begin = stretch.from > from ? stretch.from : from;
    const to = stretch.to !== undefined && stretch.to < end ? stretch.to : end;
    if (begin >= to) continue;
    const stored = await archive.intervals(stretch.timeline, segmentOf(begin, archive.segmentSize));
    heartbeat(String(stretch.timeline));
    const reached = contiguousEnd(stored, begin);
    if (reached < to) return reached;
  }
  return undefined;
}
