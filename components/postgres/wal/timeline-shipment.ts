/** The WAL of one timeline on its way into every store, in memory that is bounded by segments. */

import { HoldfastError } from '../../../domain/errors';
import { contiguousEnd, merge } from '../../../domain/intervals';
import type { Lsn } from '../../../domain/lsn';
import { segmentOf } from '../../../domain/lsn';
import type { StoredPiece } from '../../../repository/wal/names';
import { SegmentBuffer } from './segment-buffer';
import { type AlreadyStored, SegmentShipment, type ShipmentPort } from './segment-shipment';

export interface TimelineShipmentOptions {
  timeline: number;
  /** A segment's start. */
  start: Lsn;
  segmentSize: number;
  /** One for each store. */
  ports: ShipmentPort[];
  intervalMs: number;
  /** Segments in memory beyond which the stream is to pause. */
  maxSegments: number;
}

interface Live {
  buffer: SegmentBuffer;
  shipments: SegmentShipment[];
}

export class TimelineShipment {
  received: Lsn;
  private readonly live: Live[] = [];
  private readonly spare: Buffer[] = [];
  private timer?: NodeJS.Timeout;

  private constructor(
    private readonly options: TimelineShipmentOptions,
    private readonly stored: Map<bigint, AlreadyStored>[],
  ) {
    this.received = options.start;
  }

  /** Looks up what each store holds from `start` on. */
  static async begin(options: TimelineShipmentOptions): Promise<TimelineShipment> {
    const { timeline, start, segmentSize, ports } = options;
    const from = segmentOf(start, segmentSize);
    const stored = await Promise.all(
      ports.map(({ archive, lanes }) => lanes.run(async () => bySegment(await archive.pieces(timeline, from)))),
    );
    return new TimelineShipment(options, stored);
  }

  get timeline(): number {
    return this.options.timeline;
  }

  /** Takes WAL from the stream, which has no holes; what arrives is copied. */
  receive(start: Lsn, bytes: Buffer): void {
    if (start !== this.received) {
      throw new HoldfastError('internal', 'the replication stream skipped WAL');
    }
    let rest = bytes;
    while (rest.length > 0) {
      const current = this.current();
      const taken = current.buffer.append(rest);
      this.received += BigInt(taken);
      rest = rest.subarray(taken);
      if (current.buffer.full) for (const shipment of current.shipments) shipment.cut();
    }
    this.timer ??= setTimeout(() => this.flush(), this.options.intervalMs);
  }

  /** Sends what has arrived to the stores now. */
  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    for (const { shipments } of this.live) for (const shipment of shipments) shipment.cut();
  }

  /** How far each store holds the stream without a hole. */
  get storedBy(): Lsn[] {
    return this.options.ports.map((_, index) => {
      for (const { buffer, shipments } of this.live) {
        const { storedTo = 0 } = shipments[index] ?? {};
        if (storedTo < buffer.bytes.length) return buffer.start + BigInt(storedTo);
      }
      return this.received;
    });
  }

  /** Whether the stream must wait for the stores. Also gives back the memory of what they hold completely. */
  get crowded(): boolean {
    while (this.live[0]?.shipments.every((one) => one.complete)) {
      const done = this.live.shift() as Live;
      this.spare.push(done.buffer.bytes);
    }
    return this.live.length > this.options.maxSegments;
  }

  /** Everything that arrived is stored, and full segments have replaced their parts. */
  get settled(): boolean {
    return this.live.every(({ buffer, shipments }) =>
      shipments.every((one) => one.complete || (!buffer.full && one.caughtUp)),
    );
  }

  close(): void {
    clearTimeout(this.timer);
  }

  private current(): Live {
    const last = this.live.at(-1);
    if (last && !last.buffer.full) return last;
    const { timeline, segmentSize, ports } = this.options;
    const segment = segmentOf(this.received, segmentSize);
    const buffer = new SegmentBuffer(timeline, segment, this.spare.pop() ?? Buffer.allocUnsafeSlow(segmentSize));
    const shipments = ports.map(
      (port, index) =>
        new SegmentShipment(buffer, this.stored[index]?.get(segment) ?? { whole: false, storedTo: 0 }, port),
    );
    const next = { buffer, shipments };
    this.live.push(next);
    return next;
  }
}

function bySegment(pieces: StoredPiece[]): Map<bigint, AlreadyStored> {
  const segments = Map.groupBy(pieces, (piece) => piece.segment);
  return new Map(
    [...segments].map(([segment, those]) => [
      segment,
      {
        whole: those.some((piece) => piece.whole),
        storedTo: contiguousEnd(merge(those.filter((piece) => !piece.whole)), 0),
      },
    ]),
  );
}
