/**
 * One segment on its way into one store: pieces as they arrive, the whole when it is full.
 *
 * A receiver that was restarted asks the server for the segment's beginning again. What the store holds of it already is
 * compared and not stored twice; other bytes under the same positions end in `wal_conflict`.
 */
import { HoldfastError } from '../../../domain/errors';
import { contiguousEnd, type Interval, merge } from '../../../domain/intervals';
import { formatLsn, type Lsn } from '../../../domain/lsn';
import type { WalArchive } from '../../../repository/wal/archive';
import type { Lanes } from './lanes';
import type { SegmentBuffer } from './segment-buffer';

export interface ShipmentCounters {
  partsStored: number;
  segmentsStored: number;
  bytesStored: number;
}

export interface ShipmentPort {
  archive: WalArchive;
  /** For what the flush position waits for. */
  lanes: Lanes;
  /** For full segments that replace their parts: nobody waits for them, and they must be in nobody's way. */
  completions: Lanes;
  counters: ShipmentCounters;
  /** Gives up what is under way or waits: the store is filled in another way. */
  abandon: () => void;
  onProgress: () => void;
  onFatal: (error: unknown) => void;
}

/** What the store held of the segment before. */
export interface AlreadyStored {
  whole: boolean;
  /** End of the unbroken beginning. */
  storedTo: number;
}

export class SegmentShipment {
  private submitted = 0;
  private finishing = false;
  private pieces: Interval<number>[] = [];
  /** Nothing is left to do: the whole is stored, its parts are gone. */
  complete = false;

  constructor(
    readonly buffer: SegmentBuffer,
    private readonly before: AlreadyStored,
    private readonly port: ShipmentPort,
  ) {}

  /** Offset up to which the store holds everything. */
  get storedTo(): number {
    return contiguousEnd(this.pieces, 0);
  }

  /**
   * Whether everything that has arrived is stored, or lies within what was stored before and is not compared yet: an old primary
   * may have shipped more of its timeline than the server, which left it earlier, will ever send.
   */
  get caughtUp(): boolean {
    const { filled } = this.buffer;
    return this.storedTo >= filled || this.before.whole || filled < this.before.storedTo;
  }

  /** Sends on what has arrived since the last call. */
  cut(): void {
    const { buffer, before } = this;
    if (this.finishing) return;
    if (before.whole || (buffer.full && this.submitted === 0 && before.storedTo === 0)) {
      if (buffer.full) this.storeWhole();
      return;
    }
    if (this.submitted === 0 && before.storedTo > 0) {
      if (buffer.filled < before.storedTo) return;
      this.track(0, before.storedTo, () => this.compare(before.storedTo));
    }
    const [from, to] = [this.submitted, buffer.filled];
    if (to > from) this.track(from, to, () => this.putPart(from, to));
    if (buffer.full) this.replaceParts();
  }

  private track(from: number, to: number, work: () => Promise<void>): void {
    this.submitted = to;
    this.go(
      async () => {
        await this.port.lanes.run(work);
        this.pieces = merge([...this.pieces, { from, to }]);
      },
      () => this.storedTo === this.buffer.bytes.length && this.replaceParts(),
    );
  }

  /** Straight from memory: the segment filled up before any of it was stored, or it is stored already and gets compared. */
  private storeWhole(): void {
    this.finishing = true;
    const { archive, counters, lanes } = this.port;
    const { timeline, segment, bytes } = this.buffer;
    this.go(async () => {
      const store = this.before.whole ? archive.completeSegment : archive.putSegment;
      await lanes.run(() => store.call(archive, timeline, segment, bytes));
      this.pieces = [{ from: 0, to: bytes.length }];
      this.complete = true;
      counters.segmentsStored++;
      if (!this.before.whole) counters.bytesStored += bytes.length;
    });
  }

  private replaceParts(): void {
    const { archive, counters, completions } = this.port;
    const { timeline, segment, bytes } = this.buffer;
    if (this.finishing || this.storedTo < bytes.length) return;
    this.finishing = true;
    this.go(async () => {
      await completions.run(() => archive.completeSegment(timeline, segment, bytes));
      this.complete = true;
      counters.segmentsStored++;
    });
  }

  private async putPart(from: number, to: number): Promise<void> {
    const { archive, counters } = this.port;
    await archive.putPart(this.buffer.timeline, this.buffer.start + BigInt(from), this.buffer.slice(from, to));
    counters.partsStored++;
    counters.bytesStored += to - from;
  }

  private async compare(to: number): Promise<void> {
    const { timeline, segment, start } = this.buffer;
    const stored = await this.port.archive.fetchSegment(timeline, segment);
    const theirs = stored?.bytes.subarray(0, Math.min(to, stored.storedTo));
    if (theirs?.length !== to) {
      throw new HoldfastError('store_lost_write', 'WAL that was listed in the store cannot be read from it');
    }
    if (theirs.equals(this.buffer.slice(0, to))) return;
    throw new HoldfastError('wal_conflict', `the server’s WAL differs from what is stored of timeline ${timeline}`, {
      where: positionOf(start, theirs, this.buffer.slice(0, to)),
      hints: [
        'the server was rewound, or another server wrote this timeline: keep the stored WAL apart before shipping again',
      ],
    });
  }

  private go(work: () => Promise<void>, then?: () => void): void {
    work().then(
      () => {
        then?.();
        this.port.onProgress();
      },
      (error: unknown) => this.port.onFatal(error),
    );
  }
}

function positionOf(start: Lsn, one: Buffer, other: Buffer): string {
  let offset = 0;
  while (one[offset] === other[offset]) offset++;
  return formatLsn(start + BigInt(offset));
}
