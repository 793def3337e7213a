/**
 * The WAL of one timeline on its way into every store, in memory that is bounded by segments.
 *
 * A store that does not keep up holds up nobody once enough others have a segment: it falls behind, its share of the memory is
 * given back, and it joins again when somebody has filled it up to what is in memory (`catch-up.ts`).
 */
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
  /** How long WAL may gather. Zero: it is sent as soon as a lane is free, and what arrives meanwhile goes together into the next part. */
  intervalMs: number;
  /** Segments in memory beyond which the stream is to pause. */
  maxSegments: number;
  /** How many stores must hold a segment before the others need not be waited for. */
  quorum: number;
  onBehind: (line: StoreLine) => void;
}

/** One store's place beside the stream. */
export interface StoreLine {
  /** Absent while the store is behind. */
  port?: ShipmentPort;
  /** What the store held before, by segment. */
  before: Map<bigint, AlreadyStored>;
  /** While the store is behind: how far it holds the stream. */
  filledTo: Lsn;
}

interface Live {
  buffer: SegmentBuffer;
  shipments: Map<StoreLine, SegmentShipment>;
  /** A store that fell behind may still be reading the memory. */
  lent: boolean;
}

export class TimelineShipment {
  received: Lsn;
  private readonly lines: StoreLine[] = [];
  private readonly live: Live[] = [];
  private readonly spare: Buffer[] = [];
  private timer?: NodeJS.Timeout;
  private sending?: NodeJS.Immediate;

  constructor(private readonly options: TimelineShipmentOptions) {
    this.received = options.start;
  }

  get timeline(): number {
    return this.options.timeline;
  }

  /** A store that is behind and holds the stream up to a position. */
  add(filledTo: Lsn): StoreLine {
    const line: StoreLine = { before: new Map(), filledTo };
    this.lines.push(line);
    return line;
  }

  /** The first segment that memory still has from its beginning. */
  get firstSegment(): bigint {
    return this.live[0]?.buffer.segment ?? segmentOf(this.received, this.options.segmentSize);
  }

  /**
   * A store that holds everything before `from` gets what is in memory and all that comes. False when memory has moved on meanwhile.
   * @param pieces what it holds from there on
   */
  join(line: StoreLine, from: bigint, port: ShipmentPort, pieces: StoredPiece[]): boolean {
    if (from < this.firstSegment) return false;
    line.port = port;
    line.before = bySegment(pieces);
    for (const live of this.live) live.shipments.set(line, this.shipmentOf(line, port, live.buffer));
    this.flush();
    return true;
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
      if (current.buffer.full) for (const shipment of current.shipments.values()) shipment.cut();
    }
    // What came with one piece of the network's goes out together.
    if (this.options.intervalMs === 0) this.sending ??= setImmediate(() => this.sendWhereFree());
    else this.timer ??= setTimeout(() => this.flush(), this.options.intervalMs);
  }

  /** Sends what has arrived to the stores now. */
  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    for (const { shipments } of this.live) for (const shipment of shipments.values()) shipment.cut();
  }

  /** Without an interval: what has gathered goes out where a lane has become free. */
  sendWhereFree(): void {
    this.sending = undefined;
    if (this.options.intervalMs > 0) return;
    for (const { shipments } of this.live) {
      for (const [{ port }, shipment] of shipments) if (port?.lanes.free) shipment.cut();
    }
  }

  /** How far each store holds the stream without a hole. */
  get storedBy(): Lsn[] {
    return this.lines.map((line) => this.storedIn(line));
  }

  storedIn(line: StoreLine): Lsn {
    if (!line.port) return line.filledTo;
    for (const { buffer, shipments } of this.live) {
      const storedTo = shipments.get(line)?.storedTo ?? 0;
      if (storedTo < buffer.bytes.length) return buffer.start + BigInt(storedTo);
    }
    return this.received;
  }

  /** Whether the stream must wait for the stores. Also gives back the memory of what they hold completely. */
  get crowded(): boolean {
    for (let first = this.live[0]; first; first = this.live[0]) {
      const pending = [...first.shipments].filter(([, shipment]) => !shipment.complete);
      if (pending.length > 0) {
        const enough = first.shipments.size - pending.length >= this.options.quorum;
        if (this.live.length <= this.options.maxSegments || !enough) break;
        for (const [line] of pending) this.leaveBehind(line);
      } else if (first.shipments.size === 0) break;
      this.live.shift();
      if (!first.lent) this.spare.push(first.buffer.bytes);
    }
    return this.live.length > this.options.maxSegments;
  }

  /** Everything that arrived is in enough stores, and full segments have replaced their parts there. */
  get settled(): boolean {
    const done = this.lines.filter(
      (line) =>
        line.port !== undefined &&
        this.live.every(({ buffer, shipments }) => {
          const one = shipments.get(line);
          return one?.complete || (!buffer.full && one?.caughtUp);
        }),
    );
    return done.length >= Math.min(this.options.quorum, this.lines.length);
  }

  close(): void {
    clearTimeout(this.timer);
    clearImmediate(this.sending);
  }

  private leaveBehind(line: StoreLine): void {
    line.filledTo = this.storedIn(line);
    line.port?.abandon();
    line.port = undefined;
    for (const live of this.live) live.lent = live.shipments.delete(line) || live.lent;
    this.options.onBehind(line);
  }

  private current(): Live {
    const last = this.live.at(-1);
    if (last && !last.buffer.full) return last;
    const { timeline, segmentSize } = this.options;
    const segment = segmentOf(this.received, segmentSize);
    const buffer = new SegmentBuffer(timeline, segment, this.spare.pop() ?? Buffer.allocUnsafeSlow(segmentSize));
    const next: Live = { buffer, shipments: new Map(), lent: false };
    for (const line of this.lines) if (line.port) next.shipments.set(line, this.shipmentOf(line, line.port, buffer));
    this.live.push(next);
    return next;
  }

  private shipmentOf(line: StoreLine, port: ShipmentPort, buffer: SegmentBuffer): SegmentShipment {
    return new SegmentShipment(buffer, line.before.get(buffer.segment) ?? { whole: false, storedTo: 0 }, port);
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
