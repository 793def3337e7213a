/** What was stored of a run. Written once per generation: whoever comes second finds what the first one wrote. */
import type { RunIndex } from '../domain/pack';
import type { RepositoryCopy } from './copy';
import { type DocumentRef, getSealed, getSealedIfThere, putSealedOnce, refOf } from './documents';
import { type GenerationRef, indexKey } from './names';
import { runIndexSchema } from './schemas/pack';

export async function putRunIndex(
  copy: RepositoryCopy,
  { backupId, component }: Omit<GenerationRef, 'generation'>,
  index: RunIndex,
): Promise<DocumentRef> {
  const { generation, run } = index;
  return await putSealedOnce(copy, indexKey({ backupId, component, generation }, run), index);
}

/** Undefined when the run has not been stored in that generation. */
export async function findRunIndex(
  copy: RepositoryCopy,
  generation: GenerationRef,
  run: number,
): Promise<RunIndex | undefined> {
  return await getSealedIfThere(copy, indexKey(generation, run), runIndexSchema);
}

/** Reference of a stored run's index, for the sealed manifest. @throws HoldfastError `object_not_found` */
export async function runIndexRef(copy: RepositoryCopy, generation: GenerationRef, run: number): Promise<DocumentRef> {
  const key = indexKey(generation, run);
  return refOf(key, await copy.store.get(key));
}

/** @throws HoldfastError `checksum_mismatch` when it is not the one the manifest names */
export async function getRunIndex(copy: RepositoryCopy, ref: DocumentRef): Promise<RunIndex> {
  return await getSealed(copy, ref.key, runIndexSchema, ref.sha256);
}
