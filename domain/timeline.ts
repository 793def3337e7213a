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
 *
 * A recovery that followed a timeline and stopped before the fork where that begins names it all the same as its parent, at a
 * position before its beginning. As for PostgreSQL, such an ancestor has no part in the way.
 * @throws HoldfastError `timeline_unreachable` when the file makes no sense
 */
export function parseHistory(timeline: number, text: string): TimelineStretch[] {
  const path: Required<TimelineStretch>[] = [];
  let newest = 0;
  for (const line of text.split('\n')) {
    const [id, position] = line.trim().split(/\s+/);
    if (!id || id.startsWith('#')) continue;
    const ancestor = Number(id);
    const sound = Number.isInteger(ancestor) && ancestor > newest && ancestor < timeline;
    if (!sound || position === undefined || !isLsn(position)) {
      throw new HoldfastError('timeline_unreachable', `the history of timeline ${timeline} makes no sense`);
    }
    newest = ancestor;
    fork(path, ancestor, parseLsn(position));
  }
  return [...path, { timeline, from: path.at(-1)?.to ?? 0n }];
}

/** Goes on from `ancestor` at a position: what was said of the way beyond it is void. */
function fork(path: Required<TimelineStretch>[], ancestor: number, to: Lsn): void {
  const from = path.at(-1)?.to ?? 0n;
  if (to > from || path.length === 0) {
    path.push({ timeline: ancestor, from, to });
    return;
  }
  while (path.length > 1 && (path.at(-1) as TimelineStretch).from >= to) path.pop();
  const last = path.at(-1) as Required<TimelineStretch>;
  if (last.to > to) last.to = to;
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
