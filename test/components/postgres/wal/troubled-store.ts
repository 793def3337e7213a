import { setTimeout as sleep } from 'node:timers/promises';
import { HoldfastError } from '../../../../domain/errors';
import type { GetOptions, PutOptions, Store, StoredObject } from '../../../../repository/store';

/** A store that can be told to fail or to be slow, and that remembers what it was asked for. */
export class TroubledStore implements Store {
  failing = false;
  /** How long a put takes at least: milliseconds. */
  slowMs = 0;
  failures = 0;
  /** Puts of such keys fail. */
  refuses: (key: string) => boolean = () => false;
  readonly puts: string[] = [];
  readonly deletes: string[] = [];

  constructor(private readonly inner: Store) {}

  get name() {
    return this.inner.name;
  }
  get kind() {
    return this.inner.kind;
  }
  get location() {
    return this.inner.location;
  }
  async put(key: string, body: Uint8Array, options?: PutOptions): Promise<'created' | 'exists'> {
    this.check();
    if (this.refuses(key)) throw new HoldfastError('store_unavailable', 'the store does not answer');
    this.puts.push(key);
    if (this.slowMs > 0) await sleep(this.slowMs);
    this.check();
    return await this.inner.put(key, body, options);
  }
  async get(key: string, options?: GetOptions): Promise<Buffer> {
    this.check();
    return await this.inner.get(key, options);
  }
  async head(key: string): Promise<(StoredObject & { sha256?: string }) | undefined> {
    this.check();
    return await this.inner.head(key);
  }
  list(prefix: string, options?: { after?: string }): AsyncIterable<StoredObject> {
    this.check();
    return this.inner.list(prefix, options);
  }
  async delete(keys: string[]): Promise<void> {
    this.check();
    this.deletes.push(...keys);
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

  private check(): void {
    if (!this.failing) return;
    this.failures++;
    throw new HoldfastError('store_unavailable', 'the store does not answer');
  }
}
