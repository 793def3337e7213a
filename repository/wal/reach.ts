/** Which of several archives of one system reaches furthest: where not every store has to hold WAL, one may have been behind when all ended. */
import { contiguousEnd } from '../../domain/intervals';
import { type Lsn, segmentOf } from '../../domain/lsn';
import type { WalArchive } from './archive';

interface Reach {
  archive: WalArchive;
  timeline: number;
  /** The server's clock at the newest mark. */
  marked: bigint;
  end: Lsn;
}

/** In the order given, but for those that another one is ahead of. */
export async function furthestFirst(archives: WalArchive[]): Promise<WalArchive[]> {
  const reached = await Promise.all(archives.map(reachOf));
  return reached.sort(byReach).map(({ archive }) => archive);
}

/** Along the timeline that is lived on: the one marked last. */
async function reachOf(archive: WalArchive): Promise<Reach> {
  let best: Reach = { archive, timeline: 0, marked: 0n, end: 0n };
  for (const timeline of await archive.timelines()) {
    const mark = await archive.readCoverage(timeline);
    const marked = mark?.serverTime ?? 0n;
    if (marked < best.marked) continue;
    const from = mark && segmentOf(mark.lsn, archive.segmentSize);
    const intervals = await archive.intervals(timeline, from);
    const end = mark ? contiguousEnd(intervals, mark.lsn) : (intervals[0]?.to ?? 0n);
    best = { archive, timeline, marked, end };
  }
  return best;
}

function byReach(one: Reach, other: Reach): number {
  const [mine, theirs] = one.timeline === other.timeline ? [one.end, other.end] : [one.marked, other.marked];
  return mine < theirs ? 1 : mine > theirs ? -1 : 0;
}
