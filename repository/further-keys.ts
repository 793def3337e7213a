/** Entries of further master keys, an object each: whoever adds one meets nobody who adds another. */
import { HoldfastError, isHoldfastError } from '../domain/errors';
import { readJson } from './crypto/sealed-bytes';
import { type WrappedKey, wrappedKeySchema } from './description';
import { putLockedAsBefore } from './locks/keep';
import { masterKeyKey, masterKeysPrefix } from './names';
import type { Store } from './store';

export async function readFurtherKey(store: Store, fingerprint: string): Promise<WrappedKey | undefined> {
  const key = masterKeyKey(fingerprint);
  const where = `${store.name}:${key}`;
  try {
    const entry = readJson(await store.get(key), wrappedKeySchema, where);
    if (entry.fingerprint === fingerprint) return entry;
  } catch (error) {
    if (isHoldfastError(error) && error.code === 'object_not_found') return undefined;
    throw error;
  }
  throw new HoldfastError('checksum_mismatch', 'the entry of another master key lies here', { where });
}

/** One that is damaged opens nothing, and is none: it is added again, in its place. */
export async function listFurtherKeys(store: Store): Promise<WrappedKey[]> {
  const entries: WrappedKey[] = [];
  for await (const { key } of store.list(masterKeysPrefix)) {
    const entry = await readFurtherKey(store, key.slice(masterKeysPrefix.length, -'.json'.length)).catch(noneIfDamaged);
    if (entry !== undefined) entries.push(entry);
  }
  return entries;
}

function noneIfDamaged(error: unknown): undefined {
  if (isHoldfastError(error) && ['invalid_backup', 'checksum_mismatch'].includes(error.code)) return undefined;
  throw error;
}

/** Over one that is there: it may be damaged. */
export async function putFurtherKey(store: Store, entry: WrappedKey): Promise<void> {
  await putLockedAsBefore(store, masterKeyKey(entry.fingerprint), bodyOf(entry));
}

/** Into a store that has none yet; one that is there stays. */
export async function offerFurtherKey(store: Store, entry: WrappedKey): Promise<void> {
  await store.put(masterKeyKey(entry.fingerprint), bodyOf(entry), { ifAbsent: true });
}

function bodyOf(entry: WrappedKey): Buffer {
  return Buffer.from(`${JSON.stringify(entry)}\n`);
}

/** Where it is locked it is hidden. @returns until when it lies below; undefined: it is gone */
export async function removeFurtherKey(store: Store, fingerprint: string): Promise<Date | undefined> {
  const key = masterKeyKey(fingerprint);
  if (store.locks === undefined) await store.delete([key]);
  const [locked] = (await store.locks?.deleteUnlocked([key])) ?? [];
  if (locked !== undefined) await store.locks?.hide(key);
  return locked?.until;
}
