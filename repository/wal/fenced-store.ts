import type { GetOptions, PutOptions, Store, StoredObject } from '../store';
import type { Fence } from './fence';

/** A store in the hands of a writer that may have been replaced: it looks at the fence before it changes anything. */
export class FencedStore implements Store {
  constructor(
    private readonly inner: Store,
    private readonly fence: Fence,
  ) {}

  get name(): string {
    return this.inner.name;
  }

  get kind(): Store['kind'] {
    return this.inner.kind;
  }

  get location(): string {
    return this.inner.location;
  }

  get locks(): Store['locks'] {
    return this.inner.locks;
  }

  get classes(): Store['classes'] {
    return this.inner.classes;
  }

  /** What is put once cannot replace anything: there a look of a moment ago will do. */
  async put(key: string, body: Uint8Array, options?: PutOptions): Promise<'created' | 'exists'> {
    await this.fence.assertHeld(options?.ifAbsent !== true);
    return await this.inner.put(key, body, options);
  }

  async delete(keys: string[]): Promise<void> {
    if (keys.length === 0) return;
    await this.fence.assertHeld(true);
    await this.inner.delete(keys);
  }

  async get(key: string, options?: GetOptions): Promise<Buffer> {
    return await this.inner.get(key, options);
  }

  async head(key: string, options?: { signal?: AbortSignal }): ReturnType<Store['head']> {
    return await this.inner.head(key, options);
  }

  list(prefix: string, options?: { after?: string; signal?: AbortSignal }): AsyncIterable<StoredObject> {
    return this.inner.list(prefix, options);
  }

  async clock(): Promise<Date> {
    return await this.inner.clock();
  }

  async probe(): Promise<void> {
    await this.inner.probe();
  }

  async close(): Promise<void> {
    await this.inner.close();
  }
}
