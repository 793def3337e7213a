/** Packs that are made of bytes in memory: laid there out of older packs, read from there as if from files. */
import { piecesOf } from '../../domain/blocks';
import type { LaidStretch } from '../../domain/put-together';
import { extentsOf, type Slice, type StoredSlice } from '../../domain/tree';
import type { SliceSink } from '../../repository/packs/open';
import type { OpenSlice } from '../../repository/packs/slice-reader';

/** Takes the bytes of an old slice and puts those that are wanted where they are wanted. */
export function layingSink(slice: StoredSlice, parts: LaidStretch[], memory: Buffer): SliceSink {
  const stretches = extentsOf(slice);
  return {
    write: (chunk, start) => {
      for (const { at, length, to } of parts) {
        for (const piece of piecesOf(stretches, start, chunk.length, [{ offset: at, length }])) {
          chunk.copy(memory, to + piece.at - at, piece.from, piece.from + piece.length);
        }
      }
    },
    finish: () => undefined,
  };
}

/** Each slice from where it lies: they follow one another. */
export function readLaid(slices: Slice[], memory: Buffer): OpenSlice {
  const starts = new Map<Slice, number>();
  let start = 0;
  for (const slice of slices) {
    starts.set(slice, start);
    start += slice.length;
  }
  return (slice) => {
    const from = starts.get(slice) ?? 0;
    let done = 0;
    return {
      read: (buffer) => {
        const count = memory.copy(buffer, 0, from + done, from + Math.min(slice.length, done + buffer.length));
        done += count;
        return count;
      },
      finish: () => ({ outcome: 'ok', stamp: slice.stamp }),
    };
  };
}
