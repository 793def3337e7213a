/**
 * A limit to what is sent, shared by everybody who sends: a token bucket. What comes over the limit waits in the order it came;
 * nothing is ever dropped or cut. Not guaranteed: the rate within a moment, since a body goes out as fast as the network takes it
 * and the next one waits for both.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { PutOptions, Store } from '../store';
import { StoreAround } from './around';

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

class LimitedStore extends StoreAround {
  constructor(
    inner: Store,
    private readonly bandwidth: Bandwidth,
  ) {
    super(inner);
  }

  override async put(key: string, body: Uint8Array, options?: PutOptions): Promise<'created' | 'exists'> {
    await this.bandwidth.take(body.byteLength, options?.signal);
    return await super.put(key, body, options);
  }
}
