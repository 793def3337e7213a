/** Where a receiver that (re)connects takes up the stream. */
import { contiguousEnd } from '../../../domain/intervals';
import { formatLsn, type Lsn, segmentOf } from '../../../domain/lsn';
import { heldByQuorum } from '../../../domain/quorum';
import { type TimelineStretch, timelineOfPosition } from '../../../domain/timeline';
import type { WalArchive } from '../../../repository/wal/archive';
import type { Quarantined } from '../../../repository/wal/quarantine';
import type { ServerIdentity } from './replication';

export interface StartingPoint {
  timeline: number;
  /** A segment's start: the beginning of a segment is asked for again and compared with what is stored of it. */
  from: Lsn;
}

/**
 * Where enough stores end, or what the slot keeps, whatever is earlier: bytes between the two are received again and compared, since a
 * server that was rewound has a slot that was rewound with it.
 */
export function startingPoint(
  archives: WalArchive[],
  ends: (Lsn | undefined)[],
  quorum: number,
  path: TimelineStretch[],
  slotRestart: Lsn,
): StartingPoint {
  const known = ends.filter((end) => end !== undefined);
  const held = known.length > 0 ? heldByQuorum(known, Math.min(quorum, known.length)) : slotRestart;
  return align(held < slotRestart ? held : slotRestart, path, archives);
}

/**
 * The archives as a stream from there finds them: one that ends before it is filled from another that does not (docs/data-safety.md, B14).
 * Where no other holds more, it goes on behind a gap.
 */
export function besideStream(
  archives: WalArchive[],
  ends: (Lsn | undefined)[],
  start: Lsn,
): { archive: WalArchive; behindAt?: Lsn }[] {
  return archives.map((archive, index) => {
    const end = ends[index];
    const behind = end !== undefined && end < start && ends.some((other) => other !== undefined && other > end);
    return { archive, behindAt: behind ? end : undefined };
  });
}

export function align(position: Lsn, path: TimelineStretch[], archives: { segmentSize: number }[]): StartingPoint {
  const size = archives[0]?.segmentSize ?? 1;
  return { timeline: timelineOfPosition(path, position), from: segmentOf(position, size) * BigInt(size) };
}

/** The way up to a timeline, as if it went on for ever. */
export function pathTo(path: TimelineStretch[], timeline: number): TimelineStretch[] {
  const last = path.findIndex((stretch) => stretch.timeline === timeline);
  return [...path.slice(0, last), { timeline, from: path[last]?.from ?? 0n }];
}

/** How far a store holds the server's own history without a hole; undefined when it holds none of it. */
export async function storedEnd(archive: WalArchive, path: TimelineStretch[]): Promise<Lsn | undefined> {
  for (const { timeline, to } of path.toReversed()) {
    const coverage = await archive.readCoverage(timeline);
    const since = coverage && segmentOf(coverage.lsn, archive.segmentSize);
    const intervals = await archive.intervals(timeline, since);
    if (intervals.length === 0) continue;
    // Without a coverage mark (the very first second of an archive) only the first stretch is known to have no hole behind it.
    const end = coverage ? contiguousEnd(intervals, coverage.lsn) : (intervals[0]?.to as Lsn);
    // What a store holds of an old timeline beyond the fork is a branch that this server never took.
    return to !== undefined && end > to ? to : end;
  }
  return undefined;
}

/**
 * A primary cannot have sent what it has not flushed: where a store is ahead of it, the host was rewound (a snapshot brought
 * back), and the WAL it writes now is another history under the same names. (A standby may flush less after a restart: it is
 * left to catch up.)
 */
export async function quarantineRewound(
  archives: WalArchive[],
  server: ServerIdentity,
  slotRestart: Lsn | undefined,
): Promise<Quarantined[]> {
  const set: Quarantined[] = [];
  if (server.inRecovery) return set;
  const least = slotRestart !== undefined && slotRestart < server.flushed ? slotRestart : server.flushed;
  for (const archive of archives) {
    const segment = segmentOf(server.flushed, archive.segmentSize);
    const end = (await archive.intervals(server.timeline, segment)).at(-1)?.to ?? 0n;
    if (end <= server.flushed) continue;
    const reason = `the server stands at ${formatLsn(server.flushed)}, the store at ${formatLsn(end)}`;
    set.push(await archive.quarantineFrom(server.timeline, least, reason));
  }
  return set;
}
