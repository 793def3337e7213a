import type { PutOptions, Store } from '../store';
import { StoreAround } from '../stores/around';
import type { Fence } from './fence';

/** A store in the hands of a writer that may have been replaced: it looks at the fence before it changes anything. */
export class FencedStore extends StoreAround {
  constructor(
    inner: Store,
    private readonly fence: Fence,
  ) {
    super(inner);
  }

  /** What is put once cannot replace anything: there a look of a moment ago will do. */
  override async put(key: string, body: Uint8Array, options?: PutOptions): Promise<'created' | 'exists'> {
    await this.fence.assertHeld(options?.ifAbsent !== true);
    return await super.put(key, body, options);
  }

  override async delete(keys: string[]): Promise<void> {
    if (keys.length === 0) return;
    await this.fence.assertHeld(true);
    await super.delete(keys);
  }
}
