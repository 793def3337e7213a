import type { Slice } from '../../domain/tree';
import { type BuiltPack, buildPack, type PackSource } from '../../repository/packs/build';
import type { OpenSlice } from '../../repository/packs/slice-reader';

/**
 * Builds a pack; when files changed under the reader, once more, judged by what they were at the first reading. Only whole files of
 * the same length get that chance: the slices of a larger one in other packs would be of another moment.
 */
export function buildSteadyPack(source: PackSource, open: OpenSlice): BuiltPack {
  const first = buildPack(source, open);
  let again = false;
  const slices = source.slices.map((slice, number): Slice => {
    const seen = first.slices[number];
    const whole = slice.offset === 0 && slice.length === slice.stamp.size && seen?.stamp?.size === slice.length;
    if (seen?.outcome !== 'changed' || seen.stamp === undefined || !whole) return slice;
    again = true;
    return { ...slice, stamp: seen.stamp };
  });
  return again ? buildPack({ ...source, slices, buffer: first.object.buffer }, open) : first;
}
