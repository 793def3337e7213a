import { HoldfastError, isHoldfastError } from '../../domain/errors';
import type { Store } from '../store';
import type { WalObjects } from './objects';

/**
 * Stores bytes under a name that may be taken already. The same bytes are a success (a lost acknowledgement, a second attempt);
 * other bytes are two histories under one name, and nobody may choose between them silently. Ciphertexts of the same bytes
 * differ, so what is there is opened and compared.
 * @throws HoldfastError `wal_conflict`
 */
export async function putOnce(
  store: Store,
  objects: WalObjects,
  key: string,
  bytes: Uint8Array,
): Promise<'created' | 'same'> {
  const body = await objects.seal(bytes, key);
  // Deleted between the two requests (a part, by whoever completed its segment): try to create it again.
  for (let attempt = 0; attempt < 3; attempt++) {
    if ((await store.put(key, body, { ifAbsent: true })) === 'created') return 'created';
    const stored = await getIfThere(store, key);
    if (!stored) continue;
    if (Buffer.compare(await objects.open(stored, key), bytes) === 0) return 'same';
    throw new HoldfastError('wal_conflict', 'other WAL is already stored under this name', {
      where: `${store.name}:${key}`,
      hints: [
        'two servers write the same timeline, or the server was rewound: its WAL must not be mixed with what is stored',
      ],
    });
  }
  throw new HoldfastError('store_unavailable', 'the object appears and disappears', { where: `${store.name}:${key}` });
}

export async function getIfThere(store: Store, key: string): Promise<Buffer | undefined> {
  try {
    return await store.get(key);
  } catch (error) {
    if (isHoldfastError(error) && error.code === 'object_not_found') return undefined;
    throw error;
  }
}
