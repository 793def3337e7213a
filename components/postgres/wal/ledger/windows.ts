/**
 * Which stretch of a timeline is listed at a check. Up to some thousand segments all of them are, every time; above that the newest, and
 * the rest by turns, so that a check costs a handful of requests however many years are stored.
 */
import type { Interval } from '../../../../domain/intervals';
import type { Lsn } from '../../../../domain/lsn';
import { segmentOf } from '../../../../domain/lsn';

/** Segments listed at a check of one timeline: five requests to S3, and 64 GiB of WAL in segments of 16 MiB. */
const atOnce = 4096n;
const newest = 1024n;

export interface SegmentWindow {
  from: bigint;
  /** Exclusive; absent: to the end. */
  to?: bigint;
}

export class Windows {
  private readonly next = new Map<string, bigint>();

  constructor(private readonly segmentSize: number) {}

  /** `archive` and `timeline` name whose turn it is. */
  of(archive: string, timeline: number, held: Interval<Lsn>[]): SegmentWindow[] {
    const [first, last] = [held[0], held.at(-1)];
    if (!first || !last) return [{ from: 0n }];
    const [from, end] = [segmentOf(first.from, this.segmentSize), segmentOf(last.to, this.segmentSize)];
    if (end - from <= atOnce) return [{ from: 0n }];
    const tail = end - newest;
    const key = `${archive}/${timeline}`;
    const begin = this.next.get(key) ?? from;
    const to = begin + atOnce - newest < tail ? begin + atOnce - newest : tail;
    this.next.set(key, to === tail ? from : to);
    return [{ from: begin, to }, { from: tail }];
  }
}
