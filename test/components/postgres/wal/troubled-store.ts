import { setTimeout as sleep } from 'node:timers/promises';
import { HoldfastError } from '../../../../domain/errors';
import type { GetOptions, PutOptions, Store, StoredObject } from '../../../../repository/store';
import { StoreAround } from '../../../../repository/stores/around';

/** A store that can be told to fail or to be slow, and that remembers what it was asked for. */
export class TroubledStore extends StoreAround {
  failing = false;
  /** How long a put takes at least: milliseconds. */
  slowMs = 0;
  failures = 0;
  /** Puts of such keys fail. */
  refuses: (key: string) => boolean = () => false;
  readonly puts: string[] = [];
  readonly deletes: string[] = [];

  override async put(key: string, body: Uint8Array, options?: PutOptions): Promise<'created' | 'exists'> {
    this.check();
    if (this.refuses(key)) throw new HoldfastError('store_unavailable', 'the store does not answer');
    this.puts.push(key);
    if (this.slowMs > 0) await sleep(this.slowMs);
    this.check();
    return await super.put(key, body, options);
  }

  override async get(key: string, options?: GetOptions): Promise<Buffer> {
    this.check();
    return await super.get(key, options);
  }

  override async head(key: string): ReturnType<Store['head']> {
    this.check();
    return await super.head(key);
  }

  override list(prefix: string, options?: { after?: string }): AsyncIterable<StoredObject> {
    this.check();
    return super.list(prefix, options);
  }

  override async delete(keys: string[]): Promise<void> {
    this.check();
    this.deletes.push(...keys);
    await super.delete(keys);
  }

  private check(): void {
    if (!this.failing) return;
    this.failures++;
    throw new HoldfastError('store_unavailable', 'the store does not answer');
  }
}
