/**
 * Repairing one copy of a backup from the others. All stores hold the same bytes under the same keys, and every object's SHA-256 stands in what was sealed,
 * so that a good one is known wherever it lies: nothing is overwritten with bytes that are not those that were written.
 */
import { HoldfastError, isHoldfastError } from '../domain/errors';
import type { RepositoryCopy } from './copy';
import type { DocumentRef } from './documents';
import { lockedAsBefore } from './locks/keep';
import { sha256Of } from './packs/store-pack';
import { confirmObject } from './stores/confirm';

/** What is wrong with an object in one store. */
export interface Flaw {
  store: string;
  key: string;
  /** `object_not_found`, `checksum_mismatch`, or why the store did not give it. */
  code: string;
}

export interface Sound {
  object: Buffer;
  /** The store it was read from. */
  from: string;
  /** Of the stores that were asked before. */
  flaws: Flaw[];
}

/**
 * The object as it was written, from the first copy that has it so.
 * @throws HoldfastError what was wrong with it in the first copy, when none has it
 */
export async function fetchSound(copies: RepositoryCopy[], ref: DocumentRef, signal?: AbortSignal): Promise<Sound> {
  const flaws: Flaw[] = [];
  let failure: unknown;
  for (const { store } of copies) {
    try {
      const object = await store.get(ref.key, { signal });
      if ((await sha256Of(object)) === ref.sha256) return { object, from: store.name, flaws };
      throw new HoldfastError('checksum_mismatch', 'a stored object has other bytes than were written', {
        where: `${store.name}:${ref.key}`,
        hints: ['verify the backup; where another store holds it too, `holdfast replicate` repairs it from there'],
      });
    } catch (error) {
      if (!isHoldfastError(error)) throw error;
      failure ??= error;
      flaws.push({ store: store.name, key: ref.key, code: error.code });
    }
  }
  throw failure ?? new HoldfastError('object_not_found', 'no store is left to take it from', { where: ref.key });
}

/** Whether the store holds the very bytes. @param read compare them, and not what the store says of them; where it says nothing they are compared in any case */
export async function isSound(
  { store }: RepositoryCopy,
  { key, sha256, bytes }: DocumentRef,
  { read = false, signal }: { read?: boolean; signal?: AbortSignal } = {},
): Promise<boolean> {
  try {
    await confirmObject(store, key, bytes, sha256, { read: read || 'untold', signal });
    return true;
  } catch (error) {
    if (isHoldfastError(error) && !error.retryable && tellsOfFlaw.has(error.code)) return false;
    throw error;
  }
}

const tellsOfFlaw = new Set(['store_lost_write', 'checksum_mismatch', 'object_not_found']);

/** What was damaged where, and which copy it was repaired from. */
export interface Repaired {
  key: string;
  store: string;
  from: string;
}

/**
 * Puts an object that is damaged or missing in one copy there again, from the others. In a bucket with versions the altered one stays behind as an older version.
 * @returns undefined when nothing is wrong with it
 */
export async function repairObject(
  copies: RepositoryCopy[],
  to: RepositoryCopy,
  ref: DocumentRef,
  options: { read?: boolean; signal?: AbortSignal } = {},
): Promise<Repaired | undefined> {
  if (await isSound(to, ref, options)) return undefined;
  const others = copies.filter(({ store }) => store.name !== to.store.name);
  const { object, from } = await fetchSound(others, ref, options.signal);
  await repairWith(to, ref, object, options.signal);
  return { key: ref.key, store: to.store.name, from };
}

/** In place of what is damaged or missing there: as locked as that is, in whatever version of it. */
export async function repairWith(
  to: RepositoryCopy,
  ref: DocumentRef,
  object: Buffer,
  signal?: AbortSignal,
): Promise<void> {
  await putSound(await lockedAsBefore(to), ref, object, signal);
}

/** Stored, and looked at in the store: by its own checksum of what it received, else by reading it back. */
export async function putSound(
  { store }: RepositoryCopy,
  { key, sha256, bytes }: DocumentRef,
  object: Buffer,
  signal?: AbortSignal,
): Promise<void> {
  await store.put(key, object, { sha256, readBackLater: true, signal });
  await confirmObject(store, key, bytes, sha256, { read: 'untold', signal });
}
