/** Fills packs with slices, in the order in which they come, and hands on each pack that is full. */
import type { PlannedPack } from './pack';
import type { Stretch } from './plan-stretches';
import type { PreviousPacks } from './previous-packs';
import type { Slice } from './tree';

/** Makes the slice of a stretch of the file. */
export type SliceOf = (offset: number, length: number) => Slice;

/** Large files are cut at multiples of this, so that no page is divided. */
const cutBytes = 1024 * 1024;

export class PackFiller {
  private next: number;
  /** The pack that new slices go into. */
  private filling: PlannedPack | undefined;
  private filled = 0;
  /** Of an earlier generation, in the order of the walk: whole when a later one begins. */
  private flowing: PlannedPack | undefined;
  private flowed = -1;
  /** Of an earlier generation, but not in the order of the walk: whole only at the end. */
  private readonly scattered = new Map<number, PlannedPack>();

  constructor(
    private readonly packBytes: number,
    private readonly mostSlices: number,
    private readonly previous?: PreviousPacks,
  ) {
    this.next = previous?.next ?? 0;
  }

  /** Takes a stretch of a file; gives the packs that are complete by that. */
  *put(sliceOf: SliceOf, { offset, length, pack }: Stretch): Generator<PlannedPack, void, void> {
    if (pack === undefined || this.isGone(pack)) yield* this.cut(sliceOf, offset, length);
    else yield* this.keep(sliceOf(offset, length), pack);
  }

  /** Takes a slice that is not to be divided. */
  *putWhole(slice: Slice): Generator<PlannedPack, void, void> {
    if (slice.length > this.packBytes - this.filled) yield* this.full();
    yield* this.fill(slice);
  }

  *flush(): Generator<PlannedPack, void, void> {
    if (this.flowing !== undefined) yield this.flowing;
    if (this.flowing !== undefined) this.flowed = this.flowing.pack;
    this.flowing = undefined;
    yield* [...this.scattered.values()].sort((a, b) => a.pack - b.pack);
    this.scattered.clear();
    yield* this.full();
  }

  /** Handed on already: only where the order of the walk is another than it was. */
  private isGone(pack: number): boolean {
    return pack < (this.previous?.inOrder ?? 0) && pack < (this.flowing?.pack ?? this.flowed + 1);
  }

  private *keep(slice: Slice, pack: number): Generator<PlannedPack, void, void> {
    if (pack >= (this.previous?.inOrder ?? 0)) {
      const found = this.scattered.get(pack) ?? { pack, slices: [] };
      found.slices.push(slice);
      this.scattered.set(pack, found);
      return;
    }
    if (this.flowing !== undefined && this.flowing.pack !== pack) {
      this.flowed = this.flowing.pack;
      yield this.flowing;
      this.flowing = undefined;
    }
    this.flowing ??= { pack, slices: [] };
    this.flowing.slices.push(slice);
  }

  private *cut(sliceOf: SliceOf, offset: number, length: number): Generator<PlannedPack, void, void> {
    const granule = Math.min(cutBytes, this.packBytes);
    for (let done = 0; done < length; ) {
      const left = length - done;
      const room = this.packBytes - this.filled;
      const fits = left <= room ? left : room - (room % granule);
      if (fits === 0) {
        yield* this.full();
        continue;
      }
      yield* this.fill(sliceOf(offset + done, fits));
      done += fits;
    }
  }

  private *fill(slice: Slice): Generator<PlannedPack, void, void> {
    this.filling ??= { pack: this.next++, slices: [] };
    this.filling.slices.push(slice);
    this.filled += slice.length;
    if (this.filled >= this.packBytes || this.filling.slices.length >= this.mostSlices) yield* this.full();
  }

  private *full(): Generator<PlannedPack, void, void> {
    const pack = this.filling;
    this.filling = undefined;
    this.filled = 0;
    if (pack !== undefined) yield pack;
  }
}
