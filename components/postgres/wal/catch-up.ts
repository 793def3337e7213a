/**
 * Fills a store that fell behind from the others, since the server may have recycled what it lacks (docs/data-safety.md, B14).
 * Memory: one segment, however far behind it is. What no other store holds stays a gap, which the archive's extents show.
 */
import { type Lsn, segmentOf, segmentStart } from '../../../domain/lsn';
import type { TimelineStretch } from '../../../domain/timeline';
import type { WalArchive } from '../../../repository/wal/archive';

export interface CatchUpOptions {
  target: WalArchive;
  /** The best first. */
  sources: () => WalArchive[];
  /** The server's way up to the timeline that is streamed. */
  path: TimelineStretch[];
  from: Lsn;
  /** The first segment of the streamed timeline that need not be filled: it is in memory. */
  until: () => bigint;
  onFilled: (to: Lsn) => void;
  /** Tries again until it works. */
  persist: <T>(work: () => Promise<T>) => Promise<T>;
}

/** Returns the segment of the streamed timeline before which everything is there that could be had. */
export async function catchUp(options: CatchUpOptions): Promise<bigint> {
  const { target, path, from, until, onFilled, persist } = options;
  const size = target.segmentSize;
  let segment = segmentOf(from, size);
  for (const { timeline, to } of path) {
    if (to !== undefined && to <= from) continue;
    const end = to === undefined ? until : () => segmentOf(to - 1n, size) + 1n;
    await persist(() => giveHistory(options, timeline));
    for (; segment < end(); segment++) {
      await persist(() => fill(options, timeline, segment));
      const filled = segmentStart(segment + 1n, size);
      onFilled(to !== undefined && filled > to ? to : filled);
    }
    // The next timeline begins within this one's last segment.
    if (to !== undefined) segment = segmentOf(to, size);
  }
  return segment;
}

async function giveHistory({ target, sources }: CatchUpOptions, timeline: number): Promise<void> {
  for (const source of sources()) {
    const text = await source.readHistory(timeline);
    if (text) return await target.putHistory(timeline, text);
  }
}

async function fill({ target, sources }: CatchUpOptions, timeline: number, segment: bigint): Promise<void> {
  let failure: unknown;
  for (const source of sources()) {
    try {
      const found = await source.fetchSegment(timeline, segment);
      if (found?.whole) return await target.completeSegment(timeline, segment, found.bytes);
      const start = segmentStart(segment, target.segmentSize);
      if (found) return await target.putPart(timeline, start, found.bytes.subarray(0, found.storedTo));
    } catch (error) {
      failure = error;
    }
  }
  if (failure !== undefined) throw failure;
}
