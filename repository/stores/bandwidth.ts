/**
 * A limit to what is sent, shared by everybody who sends: a token bucket. What comes over the limit waits in the order it came;
 * nothing is ever dropped or cut. Not guaranteed: the rate within a moment, since a body goes out as fast as the network takes it
 * and the next one waits for both.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { GetOptions, PutOptions, Store, StoredObject } from '../store';

/** What an idle line may send at once, in time. */
const burstMs = 100;

export class Bandwidth {
  /** When everything that was granted will have been paid for. */
  private paidAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly bytesPerSecond: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Grants so many bytes; how many milliseconds to wait before they are sent. */
  grant(bytes: number): number {
    const now = this.now();
    const from = Math.max(this.paidAt, now - burstMs);
    this.paidAt = from + (bytes / this.bytesPerSecond) * 1000;
    return Math.max(0, from - now);
  }

  async take(bytes: number, signal?: AbortSignal): Promise<void> {
    const wait = this.grant(bytes);
    if (wait > 0) await sleep(wait, undefined, { signal });
  }
}

/** The same store, with every put within the limit. */
export function limited(store: Store, bandwidth: Bandwidth | undefined): Store {
  return bandwidth === undefined ? store : new LimitedStore(store, bandwidth);
}

class LimitedStore implements Store {
  readonly name: string;
  readonly kind: Store['kind'];
  readonly location: string;

  constructor(
    private readonly inner: Store,
    private readonly bandwidth: Bandwidth,
  ) {
    this.name = inner.name;
    this.kind = inner.kind;
    this.location = inner.location;
  }

  async put(key: string, body: Uint8Array, options?: PutOptions): Promise<'created' | 'exists'> {
    await this.bandwidth.take(body.byteLength, options?.signal);
    return await this.inner.put(key, body, options);
  }

  async get(key: string, options?: GetOptions): Promise<Buffer> {
    return await this.inner.get(key, options);
  }

  async head(
    key: string,
    options?: { signal?: AbortSignal },
  ): Promise<(StoredObject & { sha256?: string }) | undefined> {
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
