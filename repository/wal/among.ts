/**
 * The WAL of one archive, with what it lacks or has damaged taken from others of the same system.
 *
 * Guaranteed: how far the WAL reaches is what the first archive says, so that nothing of a history that its server was rewound from comes in: others only fill holes before its
 * end, and none where something was set aside. Not guaranteed: WAL that none of them has.
 */
import { contiguousEnd, merge } from '../../domain/intervals';
import { segmentStart } from '../../domain/lsn';
import { mayBeElsewhere } from '../elsewhere';
import type { WalArchive } from './archive';
import { type ListedPiece, storedIntervals } from './listing';
import type { FetchedSegment } from './segments';

/** What a restore or a copy asks of an archive. */
export type WalReading = Pick<
  WalArchive,
  | 'segmentSize'
  | 'pieces'
  | 'intervals'
  | 'fetchSegment'
  | 'histories'
  | 'readHistory'
  | 'timelines'
  | 'timelinePath'
  | 'readCoverage'
  | 'coverageOf'
  | 'quarantines'
  | 'isHidden'
>;

export interface TakenElsewhere {
  timeline: number;
  segment: bigint;
  from: string;
  instead: string;
}

export function amongArchives(
  first: WalArchive,
  others: WalArchive[],
  onTaken: (taken: TakenElsewhere) => void,
): WalReading {
  /** Segments whose holes others fill. */
  const filled = new Set<string>();
  let setAside: ReturnType<WalArchive['quarantines']> | undefined;

  async function mayFill(timeline: number, segment: bigint): Promise<boolean> {
    setAside ??= first.quarantines();
    const start = segmentStart(segment, first.segmentSize);
    return !(await setAside).some((one) => one.timeline === timeline && one.from <= start);
  }

  async function pieces(timeline: number, from?: bigint, to?: bigint): Promise<ListedPiece[]> {
    const own = await first.pieces(timeline, from, to);
    const ends = endsOf(own);
    const last = [...ends.keys()].reduce((most, one) => (one > most ? one : most), -1n);
    const begin = from ?? [...ends.keys()].reduce((least, one) => (one < least ? one : least), last);
    if (last < 0n || !hasHole(ends, begin, last, first.segmentSize)) return own;
    const more: ListedPiece[] = [];
    for (const other of others) {
      const theirs = await other.pieces(timeline, begin, last).catch(() => []);
      for (const [segment, end] of endsOf(theirs)) {
        if (end <= (ends.get(segment) ?? 0) || !(await mayFill(timeline, segment))) continue;
        ends.set(segment, end);
        filled.add(`${timeline}/${segment}`);
        more.push(...theirs.filter((piece) => piece.segment === segment));
      }
    }
    return [...own, ...more];
  }

  async function fetchSegment(timeline: number, segment: bigint): Promise<FetchedSegment | undefined> {
    let best: FetchedSegment | undefined;
    let failure: unknown;
    try {
      best = await first.fetchSegment(timeline, segment);
      if (best && !filled.has(`${timeline}/${segment}`)) return best;
    } catch (error) {
      if (!mayBeElsewhere(error)) throw error;
      failure = error;
    }
    for (const other of (await mayFill(timeline, segment)) ? others : []) {
      const theirs = await other.fetchSegment(timeline, segment).catch(() => undefined);
      if (!theirs || theirs.storedTo <= (best?.storedTo ?? 0)) continue;
      best = theirs;
      onTaken({ timeline, segment, from: other.store.name, instead: first.store.name });
      if (theirs.whole) break;
    }
    if (best === undefined && failure !== undefined) throw failure;
    return best;
  }

  return {
    ...{ segmentSize: first.segmentSize, pieces, fetchSegment },
    intervals: async (timeline, from) => storedIntervals(await pieces(timeline, from), first.segmentSize),
    histories: () => first.histories(),
    readHistory: (timeline) => first.readHistory(timeline),
    timelines: () => first.timelines(),
    timelinePath: (timeline) => first.timelinePath(timeline),
    readCoverage: (timeline) => first.readCoverage(timeline),
    coverageOf: (path) => first.coverageOf(path),
    quarantines: () => first.quarantines(),
    isHidden: (timeline, lsn) => first.isHidden(timeline, lsn),
  };
}

function endsOf(pieces: ListedPiece[]): Map<bigint, number> {
  const segments = Map.groupBy(pieces, ({ segment }) => segment);
  return new Map([...segments].map(([segment, those]) => [segment, contiguousEnd(merge(those), 0)]));
}

/** Before the last segment, which is mostly not whole yet. */
function hasHole(ends: Map<bigint, number>, begin: bigint, last: bigint, size: number): boolean {
  for (let segment = begin; segment < last; segment++) if (ends.get(segment) !== size) return true;
  return false;
}
