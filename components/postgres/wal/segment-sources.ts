import { contiguousEnd, merge } from '../../../domain/intervals';
import { segmentName, segmentOf, segmentStart } from '../../../domain/lsn';
import { type TimelineStretch, timelineOfSegment } from '../../../domain/timeline';
import type { WalHole } from '../../../domain/wal-facts';
import type { WalReading } from '../../../repository/wal/among';

/** Where a segment of the way comes from. */
export interface SegmentSource {
  timeline: number;
  segment: bigint;
  /** Offset up to which it is stored without a hole and belongs to the way. */
  usableTo: number;
}

/**
 * The row of segments along a way of timelines, from names alone: it ends where one is missing or incomplete. Where more is stored
 * behind that, it is a hole.
 */
export async function planSegments(
  archive: WalReading,
  path: TimelineStretch[],
  first: bigint,
): Promise<{ sources: SegmentSource[]; hole?: WalHole }> {
  const size = archive.segmentSize;
  const stored = new Map<number, Map<bigint, number>>();
  for (const { timeline } of path) stored.set(timeline, await usable(archive, timeline, first));
  const sources: SegmentSource[] = [];
  for (let segment = first; ; segment++) {
    const source = sourceOf(path, stored, segment, size);
    if (source) sources.push(source);
    if (source?.usableTo === size) continue;
    const newest = timelineOfSegment(path, segment, size);
    const behind = path.some(({ timeline, to }) => {
      const last = to === undefined ? undefined : segmentOf(to, size);
      return [...(stored.get(timeline)?.keys() ?? [])].some(
        (one) => one > segment && (last === undefined || one <= last),
      );
    });
    const from = segmentStart(segment, size) + BigInt(source?.usableTo ?? 0);
    const removed = archive.isHidden(newest, from);
    return {
      sources,
      hole: behind ? { timeline: newest, segment: segmentName(newest, segment, size), from, removed } : undefined,
    };
  }
}

/**
 * The newest timeline's file, as a server would take it: it begins with a copy of its ancestor's. Where less of it is stored than
 * of the ancestor's (the promotion was a moment ago), the ancestor's, up to the fork.
 */
function sourceOf(
  path: TimelineStretch[],
  stored: Map<number, Map<bigint, number>>,
  segment: bigint,
  size: number,
): SegmentSource | undefined {
  let best: SegmentSource | undefined;
  for (const { timeline, from, to } of path.toReversed()) {
    if (segmentOf(from, size) > segment || (to !== undefined && to <= segmentStart(segment, size))) continue;
    const end = stored.get(timeline)?.get(segment) ?? 0;
    const fork = to === undefined ? size : Math.min(size, Number(to - segmentStart(segment, size)));
    const usableTo = Math.min(end, fork);
    if (usableTo > (best?.usableTo ?? 0)) best = { timeline, segment, usableTo };
  }
  return best;
}

async function usable(archive: WalReading, timeline: number, first: bigint): Promise<Map<bigint, number>> {
  const pieces = await archive.pieces(timeline, first);
  const segments = Map.groupBy(pieces, (piece) => piece.segment);
  return new Map([...segments].map(([segment, those]) => [segment, contiguousEnd(merge(those), 0)]));
}
