/** Writing in place of what may be locked: the new version is locked as long as any that it covers. Whoever repairs must not leave what is locked below what is not. */
import type { RepositoryCopy } from '../copy';
import type { PutOptions, Store } from '../store';
import { StoreAround } from '../stores/around';

export async function putLockedAsBefore(
  store: Store,
  key: string,
  body: Uint8Array,
  options: PutOptions = {},
): Promise<'created' | 'exists'> {
  const lock = options.lock ?? (await store.locks?.lastLockOf(key));
  return await store.put(key, body, { ...options, ...(lock && { lock }) });
}

/** The copy as it is to be repaired. */
export async function lockedAsBefore(copy: RepositoryCopy): Promise<RepositoryCopy> {
  return (await copy.store.locks?.supported()) ? { ...copy, store: new KeepingStore(copy.store) } : copy;
}

class KeepingStore extends StoreAround {
  override async put(key: string, body: Uint8Array, options?: PutOptions): Promise<'created' | 'exists'> {
    return await putLockedAsBefore(this.inner, key, body, options);
  }
}
