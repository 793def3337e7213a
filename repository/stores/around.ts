/** A store that hands everything to another one: for those that change a call or two on the way. */
import type { GetOptions, PutOptions, Store, StoredObject } from '../store';

export class StoreAround implements Store {
  readonly name: string;
  readonly kind: Store['kind'];
  readonly location: string;
  readonly locks: Store['locks'];
  readonly classes: Store['classes'];

  constructor(protected readonly inner: Store) {
    this.name = inner.name;
    this.kind = inner.kind;
    this.location = inner.location;
    this.locks = inner.locks;
    this.classes = inner.classes;
  }

  async put(key: string, body: Uint8Array, options?: PutOptions): Promise<'created' | 'exists'> {
    return await this.inner.put(key, body, options);
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

  async delete(keys: string[]): Promise<void> {
    await this.inner.delete(keys);
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
