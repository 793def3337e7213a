import { createHash } from 'node:crypto';
import { HoldfastError } from '../../domain/errors';
import type { Store } from '../store';

/**
 * Asks the store whether it really holds what it acknowledged. Where the store keeps no checksum only the size is compared,
 * unless `read` asks for the bytes themselves; `untold`: only there.
 * @throws HoldfastError `store_lost_write` when the object is gone or short, `checksum_mismatch` when it has other bytes
 */
export async function confirmObject(
  store: Store,
  key: string,
  bytes: number,
  sha256: string,
  options: { read?: boolean | 'untold'; signal?: AbortSignal } = {},
): Promise<void> {
  const where = `${store.name}:${key}`;
  const seen = await store.head(key, { signal: options.signal });
  if (seen === undefined || seen.bytes !== bytes) {
    throw new HoldfastError('store_lost_write', 'the store accepted an object and does not have it', {
      where,
      hints: ['the store cannot be trusted with backups: look into its logs before the next one'],
    });
  }
  const read = options.read === 'untold' ? seen.sha256 === undefined : options.read;
  const actual = read
    ? createHash('sha256')
        .update(await store.get(key, { signal: options.signal }))
        .digest('hex')
    : seen.sha256;
  if (actual === undefined || actual === sha256) return;
  throw new HoldfastError('checksum_mismatch', 'the stored object has other bytes than were written', { where });
}
