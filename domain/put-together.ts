/** Which bytes of which old packs make up a new one: pure arithmetic over a chain. */
import { type Extent, lengthOf, without } from './blocks';
import type { ChainSource, ChainState } from './chain-state';
import { HoldfastError } from './errors';
import { type Slice, showPath } from './tree';

/** Bytes of an old slice: where in the file they lie, and where the new pack wants them. */
export interface LaidStretch {
  slice: number;
  /** In the file. */
  at: number;
  length: number;
  /** In the new pack's plaintext. */
  to: number;
}

/** All that one old pack gives. */
export interface LaidPart {
  link: number;
  run: number;
  pack: number;
  parts: LaidStretch[];
}

/**
 * In the order in which the old packs are first needed.
 * @throws HoldfastError `invalid_backup` when the chain does not hold every byte
 */
export function partsOfPack(slices: Slice[], state: ChainState): LaidPart[] {
  const packs = new Map<string, LaidPart>();
  let to = 0;
  for (const slice of slices) {
    const wanted = [{ offset: slice.offset, length: slice.length }];
    let left: Extent[] = wanted;
    for (const source of state.get(slice.root, slice.path)?.sources ?? []) {
      const still = without(left, source.extents);
      for (const found of without(left, still)) add(packs, source, found, to + found.offset - slice.offset);
      left = still;
      if (left.length === 0) break;
    }
    if (lengthOf(left) > 0) {
      throw new HoldfastError('invalid_backup', 'the chain does not hold all of a file', {
        where: showPath(slice.path),
        hints: ['make a full backup, and verify this one: holdfast verify --full'],
      });
    }
    to += slice.length;
  }
  return [...packs.values()];
}

function add(packs: Map<string, LaidPart>, { link, run, pack, slice }: ChainSource, found: Extent, to: number): void {
  const key = `${link}/${run}/${pack}`;
  const part = packs.get(key) ?? { link, run, pack, parts: [] };
  packs.set(key, part);
  part.parts.push({ slice, at: found.offset, length: found.length, to });
}
