/**
 * Where the slices of an earlier generation's plan lie, so that a new plan puts them into the same packs. Neighbouring slices
 * of equal length in neighbouring packs count as one record: a petabyte of large files takes a few million.
 */
import type { RunPlan } from './pack';
import { pathBytes, type Slice, type TreePath } from './tree';

export interface KeptSlice {
  pack: number;
  offset: number;
  length: number;
}

export interface PreviousPacks {
  /** Slices of one file, by offset. */
  slicesOf(root: string, path: TreePath): KeptSlice[];
  /** The first number that no pack has had yet. */
  next: number;
  /** Packs below this number follow the order of the walk: those of the first generation. */
  inOrder: number;
}

interface Stretch extends KeptSlice {
  count: number;
}

/**
 * @param runs every run of the plan of the latest generation
 * @param firstGeneration how many packs the first generation's plan had (in memory: 0 or absent = this is the first)
 */
export async function rememberPacks(
  runs: Iterable<RunPlan> | AsyncIterable<RunPlan>,
  firstGeneration?: number,
): Promise<PreviousPacks> {
  const files = new Map<string, Stretch[]>();
  let next = firstGeneration ?? 0;
  for await (const run of runs) {
    for (const { pack, slices } of run.packs) {
      next = Math.max(next, pack + 1);
      for (const slice of slices) remember(files, pack, slice);
    }
  }
  return {
    next,
    inOrder: firstGeneration ?? next,
    slicesOf: (root, path) => (files.get(keyOf(root, path)) ?? []).flatMap(unfold).sort((a, b) => a.offset - b.offset),
  };
}

function remember(files: Map<string, Stretch[]>, pack: number, slice: Slice): void {
  const { offset, length } = slice;
  const key = keyOf(slice.root, slice.path);
  const known = files.get(key);
  if (known === undefined) {
    files.set(key, [{ pack, offset, length, count: 1 }]);
    return;
  }
  const last = known.at(-1);
  if (
    last !== undefined &&
    last.length === length &&
    pack === last.pack + last.count &&
    offset === last.offset + last.count * length
  ) {
    last.count += 1;
  } else {
    known.push({ pack, offset, length, count: 1 });
  }
}

function unfold({ pack, offset, length, count }: Stretch): KeptSlice[] {
  return Array.from({ length: count }, (_, at) => ({ pack: pack + at, offset: offset + at * length, length }));
}

function keyOf(root: string, path: TreePath): string {
  return `${root}\0${pathBytes(path).toString('latin1')}`;
}
