import { randomBytes } from 'node:crypto';
import { HoldfastError } from '../../domain/errors';
import type { Store } from '../store';

/** Writes, reads back, races and removes a trial object. */
export async function probeStore(store: Store): Promise<void> {
  const key = `probe/${randomBytes(12).toString('hex')}`;
  const body = randomBytes(64);
  try {
    const outcomes = await Promise.all([0, 1].map(() => store.put(key, body, { ifAbsent: true })));
    if (outcomes.filter((one) => one === 'created').length !== 1) {
      throw new HoldfastError('store_denied', 'the store does not honour conditional writes', {
        where: store.location,
        hints: ['holdfast needs a store where of two racing creations one is refused (S3: If-None-Match)'],
      });
    }
    if (!(await store.get(key)).equals(body)) {
      throw new HoldfastError('store_lost_write', 'the store gives back other bytes than it was given', {
        where: store.location,
      });
    }
  } finally {
    await store.delete([key]).catch(() => undefined);
  }
  if ((await store.head(key)) !== undefined) {
    throw new HoldfastError('store_denied', 'the store does not remove what it is told to', {
      where: store.location,
      hints: ['allow holdfast to delete objects below probe/'],
    });
  }
}
