/**
 * Which WAL of a database is kept: windows, of which every moment can be restored, and spans that single backups need to become consistent. What
 * is kept is a set of stretches and not only the end: a snapshot of last month keeps its own WAL, although nothing around it is left.
 */
import { type Interval, merge, without } from './intervals';
import { type Lsn, segmentOf, segmentStart } from './lsn';
import type { TimelineStretch } from './timeline';

/** Behind every position. */
export const endOfWal: Lsn = 1n << 64n;

/** Everything from here on, on this timeline and on those that came of it since. */
export interface WalWindow {
  timeline: number;
  from: Lsn;
}

/** From a backup's start to its end. */
export interface WalSpan extends WalWindow {
  to: Lsn;
}

/** A timeline of the archive, and the way to it from the first one, itself last. */
export interface TimelineWay {
  timeline: number;
  path: TimelineStretch[];
}

/** What of a timeline is wanted: merged, ascending. */
export function keptOf({ timeline, path }: TimelineWay, windows: WalWindow[], spans: WalSpan[]): Interval<Lsn>[] {
  const wanted = spans.filter((span) => span.timeline === timeline).map(({ from, to }) => ({ from, to }));
  for (const window of windows) {
    const stretch = path.find((one) => one.timeline === window.timeline);
    if (!stretch) continue;
    if (window.timeline === timeline) wanted.push({ from: window.from, to: endOfWal });
    else if (stretch.to !== undefined && stretch.to >= window.from) {
      wanted.push({ from: path.at(-1)?.from ?? 0n, to: endOfWal });
    }
  }
  return merge(wanted);
}

/**
 * What of a timeline may go: whole segments up to the end of what is stored that hold nothing of what is wanted.
 * @param end a segment's end
 */
export function goingOf(kept: Interval<Lsn>[], end: Lsn, segmentSize: number): Interval<Lsn>[] {
  const wanted = kept.map(({ from, to }) => ({ from: floor(from, segmentSize), to: ceiling(to, segmentSize) }));
  return without([{ from: 0n, to: end }], merge(wanted));
}

/** Whether somebody who needs everything from `need` on would miss what goes of a timeline. A fork has a higher number than what it came of. */
export function isNeeded(timeline: number, going: Interval<Lsn>[], need: WalWindow): boolean {
  return timeline >= need.timeline && going.some(({ to }) => to > need.from);
}

function floor(lsn: Lsn, segmentSize: number): Lsn {
  return segmentStart(segmentOf(lsn, segmentSize), segmentSize);
}

function ceiling(lsn: Lsn, segmentSize: number): Lsn {
  return floor(lsn + BigInt(segmentSize) - 1n, segmentSize);
}
