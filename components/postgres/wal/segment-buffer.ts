/** WAL of one segment as it arrives, from the segment's first byte on: parts and the whole are cut from it without copying. */
import { type Lsn, segmentStart } from '../../../domain/lsn';

export class SegmentBuffer {
  filled = 0;
  readonly start: Lsn;

  constructor(
    readonly timeline: number,
    readonly segment: bigint,
    readonly bytes: Buffer,
  ) {
    this.start = segmentStart(segment, bytes.length);
  }

  get full(): boolean {
    return this.filled === this.bytes.length;
  }

  /** Takes what still belongs to this segment; returns how many bytes that was. */
  append(bytes: Buffer): number {
    const taken = bytes.copy(this.bytes, this.filled);
    this.filled += taken;
    return taken;
  }

  slice(from: number, to: number): Buffer {
    return this.bytes.subarray(from, to);
  }
}
