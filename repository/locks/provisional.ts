/**
 * A copy whose packs, indexes and data keys are locked from the moment they are stored, for a while: until the backup counts and its real
 * lock begins. What decides whether the backup counts (`sealed` and what describes it) is not, so that one that failed can be told from one that did not.
 */
import type { RepositoryCopy } from '../copy';
import { backupsPrefix } from '../names';
import type { PutOptions, Store } from '../store';
import type { Lock } from '../store-capabilities';
import { StoreAround } from '../stores/around';

/** @param ms how long, by the store's clock */
export async function withProvisionalLock(
  copy: RepositoryCopy,
  { mode, ms }: { mode: Lock['mode']; ms: number },
): Promise<RepositoryCopy> {
  const now = await copy.store.clock();
  return { ...copy, store: new LockingStore(copy.store, { mode, until: new Date(now.getTime() + ms) }) };
}

const lockable = new RegExp(`^${backupsPrefix}[^/]+/(?:packs/|index/|key\\.json$)`);

class LockingStore extends StoreAround {
  constructor(
    inner: Store,
    private readonly lock: Lock,
  ) {
    super(inner);
  }

  override async put(key: string, body: Uint8Array, options?: PutOptions): Promise<'created' | 'exists'> {
    return await super.put(key, body, lockable.test(key) ? { lock: this.lock, ...options } : options);
  }
}
