/**
 * Which points of a database can be restored: pure arithmetic over its backups and the WAL that is stored.
 *
 * A backup can be restored to any point from its own end on, as far as the WAL from its start goes without a hole along the
 * timelines that lead there.
 */
import { contiguousEnd, type Interval } from './intervals';
import type { Lsn } from './lsn';
import type { TimelineStretch } from './timeline';

export interface RecoverableBackup {
  id: string;
  timeline: number;
  startLsn: Lsn;
  stopLsn: Lsn;
  /** RFC 3339, the server's clock. */
  stopTime: string;
}

export interface StoredTimeline {
  timeline: number;
  /** The way to it from the first timeline, itself last. */
  path: TimelineStretch[];
  intervals: Interval<Lsn>[];
  /** Everything up to this server time (RFC 3339) lies before `lsn`. */
  coverage?: { lsn: Lsn; time: string };
}

export interface RecoverableInterval {
  timeline: number;
  from: string;
  /** The latest time that is known to be covered. */
  to: string;
  fromLsn: Lsn;
  toLsn: Lsn;
  /** Backups that a restore into it may begin with, oldest first. */
  backups: string[];
}

/** Ascending by timeline and position. Backups whose own WAL is not stored give none. */
export function recoverableIntervals(backups: RecoverableBackup[], timelines: StoredTimeline[]): RecoverableInterval[] {
  const stored = new Map(timelines.map((one) => [one.timeline, one]));
  return timelines.flatMap((target) => {
    const byEnd = new Map<Lsn, { target: StoredTimeline; starts: RecoverableBackup[] }>();
    for (const backup of backups) {
      const end = reach(backup, target, stored);
      if (end === undefined) continue;
      const group = byEnd.get(end) ?? { target, starts: [] };
      group.starts.push(backup);
      byEnd.set(end, group);
    }
    return [...byEnd]
      .map(([end, { starts }]) => describe(target, starts, end))
      .sort((a, b) => (a.fromLsn < b.fromLsn ? -1 : 1));
  });
}

/** How far the backup's WAL goes on the target timeline; undefined when it does not get there. */
function reach(
  backup: RecoverableBackup,
  target: StoredTimeline,
  stored: Map<number, StoredTimeline>,
): Lsn | undefined {
  const at = target.path.findIndex(({ timeline }) => timeline === backup.timeline);
  if (at < 0) return undefined;
  let position = backup.startLsn;
  for (const [index, stretch] of target.path.slice(at).entries()) {
    const start = index === 0 ? position : stretch.from;
    const end = contiguousEnd(stored.get(stretch.timeline)?.intervals ?? [], start);
    position = stretch.to !== undefined && end > stretch.to ? stretch.to : end;
    if (stretch.to !== undefined && position < stretch.to) return undefined;
    if (index === 0 && stretch.to !== undefined && backup.stopLsn > stretch.to) return undefined;
  }
  return position >= backup.stopLsn ? position : undefined;
}

function describe(target: StoredTimeline, starts: RecoverableBackup[], toLsn: Lsn): RecoverableInterval {
  const ordered = starts.toSorted((a, b) => (a.stopLsn < b.stopLsn ? -1 : 1));
  const first = ordered[0] as RecoverableBackup;
  const last = ordered.at(-1) as RecoverableBackup;
  const { coverage } = target;
  const covered = coverage !== undefined && coverage.lsn <= toLsn && coverage.time > last.stopTime;
  return {
    timeline: target.timeline,
    from: first.stopTime,
    to: covered ? coverage.time : last.stopTime,
    fromLsn: first.stopLsn,
    toLsn,
    backups: ordered.map(({ id }) => id),
  };
}
