/** Entries of further master keys, an object each: whoever adds one meets nobody who adds another. */
import { HoldfastError, isHoldfastError } from '../domain/errors';
import { readJson } from './crypto/sealed-bytes';
import { type WrappedKey, wrappedKeySchema } from './description';
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

export async function listFurtherKeys(store: Store): Promise<WrappedKey[]> {
  const entries: WrappedKey[] = [];
  for await (const { key } of store.list(masterKeysPrefix)) {
    const entry = await readFurtherKey(store, key.slice(masterKeysPrefix.length, -'.json'.length));
    if (entry !== undefined) entries.push(entry);
  }
  return entries;
}

/** Over one that is there: it may be damaged. */
export async function putFurtherKey(store: Store, entry: WrappedKey): Promise<void> {
  await store.put(masterKeyKey(entry.fingerprint), Buffer.from(`${JSON.stringify(entry)}\n`));
}

export async function removeFurtherKey(store: Store, fingerprint: string): Promise<void> {
  await store.delete([masterKeyKey(fingerprint)]);
}
