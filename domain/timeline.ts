/**
 * Timelines (PostgreSQL manual, "Timelines"; `src/backend/access/transam/timeline.c`): a promotion forks the WAL at a position,
 * and the new timeline's `.history` file lists its ancestors.
 */
import { HoldfastError } from './errors';
import { isLsn, type Lsn, parseLsn } from './lsn';

/** A stretch of WAL that belongs to one timeline; without `to` it goes on. */
export interface TimelineStretch {
  timeline: number;
  from: Lsn;
  to?: Lsn;
}

/**
 * The way from the first timeline to `timeline`, oldest first, from the text of its history file.
 * @throws HoldfastError `timeline_unreachable` when the file makes no sense
 */
export function parseHistory(timeline: number, text: string): TimelineStretch[] {
  const path: TimelineStretch[] = [];
  let from: Lsn = 0n;
  for (const line of text.split('\n')) {
    const [id, position] = line.trim().split(/\s+/);
    if (!id || id.startsWith('#')) continue;
    const ancestor = Number(id);
    const sound = Number.isInteger(ancestor) && ancestor > (path.at(-1)?.timeline ?? 0) && ancestor < timeline;
    if (!sound || position === undefined || !isLsn(position) || parseLsn(position) < from) {
      throw new HoldfastError('timeline_unreachable', `the history of timeline ${timeline} makes no sense`);
    }
    const to = parseLsn(position);
    path.push({ timeline: ancestor, from, to });
    from = to;
  }
  return [...path, { timeline, from }];
}

/** The timeline whose file holds a segment when one follows `path`: the newest that begins in or before it. */
export function timelineOfSegment(path: TimelineStretch[], segment: bigint, segmentSize: number): number {
  const found = path.findLast(({ from }) => from / BigInt(segmentSize) <= segment);
  return (found ?? (path[0] as TimelineStretch)).timeline;
}

/** The timeline that a position belongs to when one follows `path`. */
export function timelineOfPosition(path: TimelineStretch[], lsn: Lsn): number {
  const found = path.findLast(({ from }) => from <= lsn);
  return (found ?? (path[0] as TimelineStretch)).timeline;
}
