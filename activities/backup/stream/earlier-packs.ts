/**
 * What earlier generations of the same backup have stored, found by contents: a stream that is begun again brings most packs again as they
 * were, if seldom under the same number. Runs that were finished tell it by their index; of the last one the packs themselves are asked.
 */
import { createHash } from 'node:crypto';
import type { StoredPack } from '../../../domain/pack';
import { runLimits } from '../../../domain/plan-runs';
import { pathBytes, type StoredSlice } from '../../../domain/tree';
import type { RepositoryCopy } from '../../../repository/copy';
import { type GenerationRef, packKey } from '../../../repository/names';
import { findStoredPack } from '../../../repository/packs/store-pack';
import { findRunIndex } from '../../../repository/run-index';

type Found = Omit<StoredPack, 'slices'>;

/** The pack that holds the same, if one is stored. */
export type FindSame = (contentMac: string, slices: StoredSlice[]) => Found | undefined;

interface Asking {
  copy: RepositoryCopy;
  ref: GenerationRef;
  dataKey: Uint8Array;
  /** Packs that can have been on their way at once. */
  onTheWay: number;
  signal: AbortSignal;
}

/** Each generation counts its packs from a number of its own, so that those of an earlier one can stand among them. */
export function firstPack(generation: number): number {
  return (generation - 1) * 2 ** 32;
}

/** @param asking.ref the generation that begins */
export async function earlierPacks(asking: Asking): Promise<FindSame> {
  const known = new Map<string, Found>();
  for (let generation = 1; generation < asking.ref.generation; generation++) {
    for await (const { slices, ...pack } of packsOf({ ...asking, ref: { ...asking.ref, generation } })) {
      known.set(keyOf(pack.contentMac, slices), pack);
    }
  }
  return (contentMac, slices) => known.get(keyOf(contentMac, slices));
}

async function* packsOf({ copy, ref, dataKey, onTheWay, signal }: Asking): AsyncGenerator<StoredPack, void, void> {
  let pack = firstPack(ref.generation);
  for (let run = 0; ; run++) {
    const index = await findRunIndex(copy, ref, run);
    if (!index) break;
    yield* index.packs;
    pack = Math.max(pack + index.packs.length, ...index.packs.map((one) => one.pack + 1));
  }
  // One that is not there was on its way, had nothing new in it, or was stored by a still earlier generation: a few do not mean the end.
  for (let missing = 0; missing <= runLimits.mostPacks + onTheWay; pack++) {
    const access = { backupId: ref.backupId, component: ref.component, pack, dataKey };
    const found = await findStoredPack(copy, packKey(copy.keys.names, ref, pack), access, signal);
    missing = found ? 0 : missing + 1;
    if (found) yield found;
  }
}

/** The contents alone are not enough: a pack also says whose bytes it holds. */
function keyOf(contentMac: string, slices: StoredSlice[]): string {
  const hash = createHash('sha256').update(contentMac);
  for (const { root, path, offset, length } of slices) {
    hash.update(`\0${root}\0${pathBytes(path).toString('latin1')}\0${offset}\0${length}`);
  }
  return hash.digest('base64');
}
