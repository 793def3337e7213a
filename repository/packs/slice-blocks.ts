/**
 * Goes along a slice block by block while it is read: hashes each, and leaves out those that are as the chain already holds them.
 */
import { append, blockBytes, blockHashBytes, type Extent } from '../../domain/blocks';
import type { Slice } from '../../domain/tree';
import type { BlockHash } from '../crypto/block-hash';

export class SliceBlocks {
  readonly kept: Extent[] = [];
  private readonly hashes: Buffer[] = [];
  private readonly stretches: Extent[];
  /** Bytes of the stretch that is being read which were read already. */
  private done = 0;
  private at = 0;
  private end: number;

  /** @param basis hash after hash of the blocks from the slice's offset on, zeros where nothing is known */
  constructor(
    private readonly slice: Slice,
    private readonly hash: BlockHash,
    private readonly basis?: Uint8Array,
  ) {
    this.stretches = slice.extents ?? [{ offset: slice.offset, length: slice.length }];
    this.end = slice.offset;
  }

  /** Moves the blocks that are to be stored to the front of the chunk. @returns how many bytes they are */
  take(chunk: Buffer): number {
    let kept = 0;
    for (let from = 0; from < chunk.length; ) {
      const stretch = this.stretches[this.at];
      const length = Math.min(blockBytes, chunk.length - from, (stretch?.length ?? chunk.length) - this.done);
      const position = (stretch?.offset ?? this.end) + this.done;
      const block = chunk.subarray(from, from + length);
      const hash = this.hash(block);
      if (!this.isKnown(position, hash)) {
        if (kept < from) chunk.copyWithin(kept, from, from + length);
        append(this.kept, position, length);
        this.hashes.push(hash);
        kept += length;
      }
      from += length;
      this.done += length;
      this.end = position + length;
      if (stretch !== undefined && this.done === stretch.length) [this.at, this.done] = [this.at + 1, 0];
    }
    return kept;
  }

  /** What is to be said of where the stored bytes lie: nothing when they are one stretch from the slice's beginning. */
  get place(): { extents?: Extent[]; span?: number } {
    if (this.slice.extents === undefined && this.basis === undefined) return {};
    return { extents: this.kept, span: this.end - this.slice.offset };
  }

  get hashText(): string {
    return Buffer.concat(this.hashes).toString('base64');
  }

  private isKnown(position: number, hash: Buffer): boolean {
    if (this.basis === undefined) return false;
    const at = ((position - this.slice.offset) / blockBytes) * blockHashBytes;
    return hash.equals(this.basis.subarray(at, at + blockHashBytes));
  }
}
