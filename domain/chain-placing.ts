/**
 * Which bytes of which stored slice a restore of a chain places. Every byte of a file comes from exactly one slice, the newest that
 * holds it: so packs of all backups of the chain may be placed in any order, twice, and by attempts that overlap.
 */
import { type Extent, lengthOf, union, without } from './blocks';
import type { ChainFile } from './chain-state';

/** Of one pack: slice → the stretches of the file to place; null: all that the slice holds. */
export type SliceParts = Record<number, Extent[] | null>;

/** Of one run of one backup, by pack. */
export type RunPlacing = Record<number, SliceParts>;

/** Backup of the chain (0: the full one) → run → what to place of it. */
export type ChainPlacing = Map<number, Map<number, RunPlacing>>;

export function chainPlacing(files: Iterable<ChainFile>): ChainPlacing {
  const placing: ChainPlacing = new Map();
  for (const { sources } of files) {
    let covered: Extent[] = [];
    for (const { link, run, pack, slice, extents, cut } of sources) {
      const wanted = without(extents, covered);
      covered = union(covered, extents);
      if (wanted.length === 0) continue;
      const runs = placing.get(link) ?? new Map<number, RunPlacing>();
      placing.set(link, runs);
      const packs = runs.get(run) ?? {};
      runs.set(run, packs);
      const whole = !cut && lengthOf(wanted) === lengthOf(extents);
      const parts = packs[pack] ?? {};
      packs[pack] = parts;
      parts[slice] = whole ? null : wanted;
    }
  }
  return placing;
}
