/**
 * When WAL arrived here, to tell how long it has waited for the stores. Memory is bounded: of what has waited longest only every
 * other note is kept when there are too many. A wait may be told too long by that, never too short.
 */
import type { Lsn } from '../../../domain/lsn';

interface Arrival {
  /** WAL up to here … */
  end: Lsn;
  /** … began to arrive at this moment (milliseconds of a clock that only goes forward). */
  at: number;
}

const apartMs = 1;
const mostNotes = 4096;

export class Arrivals {
  private notes: Arrival[] = [];
  private acknowledged: Lsn = 0n;
  private slowest = 0;

  constructor(private readonly now: () => number = () => performance.now()) {}

  note(end: Lsn): void {
    const at = this.now();
    const last = this.notes.at(-1);
    if (last && at - last.at < apartMs) last.end = end;
    else this.notes.push({ end, at });
    if (this.notes.length > mostNotes) this.thinOut();
  }

  /** Everything up to here counts as stored now. */
  stored(to: Lsn): void {
    for (let last = this.notes.length - 1; last >= 0; last--) {
      const { end, at } = this.notes[last] as Arrival;
      if (end <= this.acknowledged) break;
      if (end <= to) this.slowest = Math.max(this.slowest, this.now() - at);
    }
    if (to > this.acknowledged) this.acknowledged = to;
  }

  /** Nobody will ask for what lies before this any more. */
  forget(to: Lsn): void {
    const kept = this.notes.findIndex(({ end }) => end > to);
    this.notes.splice(0, kept < 0 ? this.notes.length : kept);
  }

  /** How long the oldest WAL behind this position has waited by now. */
  waitedBehind(position: Lsn): number {
    const first = this.notes.find(({ end }) => end > position);
    return first ? this.now() - first.at : 0;
  }

  /** The longest wait that ended since this was last asked. */
  takeSlowest(): number {
    const { slowest } = this;
    this.slowest = 0;
    return slowest;
  }

  private thinOut(): void {
    const old = this.notes.splice(0, mostNotes / 2);
    const pairs = old
      .filter((_, index) => index % 2 === 1)
      .map(({ end }, pair) => ({ end, at: old[2 * pair]?.at ?? 0 }));
    this.notes = [...pairs, ...this.notes];
  }
}
