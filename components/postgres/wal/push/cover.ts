/**
 * How far the server's clock is covered by WAL that came in whole segments, from the WAL alone: a transaction that ends behind a
 * pushed segment was not durable at the time that any transaction in it gives for its own end, since it had not even begun to
 * write its last record by then. So the latest such time is covered, and nothing later is known to be.
 */
import type { Micros } from '../../../../domain/instant';
import { type Lsn, segmentStart } from '../../../../domain/lsn';
import type { WalArchive } from '../../../../repository/wal/archive';
import { WalScanner } from '../scan';

export interface SegmentTimes {
  timeline: number;
  /** End of the segment. */
  end: Lsn;
  /** When its transactions ended, and where. */
  ends: { at: Lsn; time: Micros }[];
}

export function timesIn(timeline: number, segment: bigint, bytes: Buffer): SegmentTimes {
  const start = segmentStart(segment, bytes.length);
  let first: SegmentTimes['ends'][number] | undefined;
  let latest: SegmentTimes['ends'][number] | undefined;
  const scanner = new WalScanner(start, (fact, place) => {
    if (fact.kind !== 'commit' && fact.kind !== 'abort') return;
    const one = { at: place.start, time: fact.time };
    first ??= one;
    if (latest === undefined || one.time > latest.time) latest = one;
  });
  scanner.push(segment, bytes);
  return { timeline, end: start + BigInt(bytes.length), ends: [first, latest].filter((one) => one !== undefined) };
}

/** Moves the mark of the timeline forward, never back. */
export async function cover(archive: WalArchive, times: SegmentTimes[]): Promise<void> {
  const last = times.at(-1);
  const ends = times.flatMap((one) => one.ends);
  if (last === undefined || ends.length === 0) return;
  const { timeline, end: lsn } = last;
  const before = await archive.readCoverage(timeline);
  if (before !== undefined && before.lsn >= lsn) return;
  const latest = ends.reduce((most, { time }) => (time > most ? time : most), before?.serverTime ?? 0n);
  const since = before === undefined ? await beginning(archive, timeline, ends) : before.since;
  await archive.writeCoverage(timeline, { lsn, serverTime: latest, ...(since === undefined ? {} : { since }) });
}

/** The first time that the server is known to have been on the timeline: WAL before the fork tells of its ancestor. */
async function beginning(
  archive: WalArchive,
  timeline: number,
  ends: SegmentTimes['ends'],
): Promise<Micros | undefined> {
  const path = await archive.timelinePath(timeline).catch(() => undefined);
  const from = path?.at(-1)?.from;
  return from === undefined ? undefined : ends.find(({ at }) => at >= from)?.time;
}
