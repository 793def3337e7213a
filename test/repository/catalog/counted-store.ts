/** A store in memory that answers as a service does, a thousand names at once and with a tag for each content, and counts what it is asked. */
import { createHash } from 'node:crypto';
import type { GetOptions, Store, StoredObject } from '../../../repository/store';
import { StoreAround } from '../../../repository/stores/around';
import { MemoryStore } from '../../support/memory-store';

const page = 1000;

export class CountedStore extends StoreAround {
  override readonly kind: Store['kind'] = 's3';
  asked = { put: 0, get: 0, head: 0, list: 0 };
  /** As a medium that rots below the service: it tells of what was written. */
  readonly rotten = new Map<string, Buffer>();

  constructor(private readonly held = new MemoryStore('hot')) {
    super(held);
  }

  reset(): void {
    this.asked = { put: 0, get: 0, head: 0, list: 0 };
  }

  override async put(...args: Parameters<Store['put']>): ReturnType<Store['put']> {
    this.asked.put++;
    return await this.held.put(...args);
  }

  override async get(key: string, options?: GetOptions): Promise<Buffer> {
    this.asked.get++;
    return this.rotten.get(key) ?? (await this.held.get(key, options));
  }

  override async head(key: string): ReturnType<Store['head']> {
    this.asked.head++;
    const seen = await this.held.head(key);
    return seen && { ...seen, ...this.told(key) };
  }

  override async *list(prefix: string, options?: { after?: string }): AsyncIterable<StoredObject> {
    this.asked.list++;
    let told = 0;
    for await (const object of this.held.list(prefix, options)) {
      if (told > 0 && told % page === 0) this.asked.list++;
      told++;
      yield { ...object, tag: this.told(object.key).tag };
    }
  }

  async *folders(prefix: string): AsyncIterable<string> {
    this.asked.list++;
    yield* this.held.folders(prefix);
  }

  private told(key: string): { tag: string; sha256: string } {
    const body = this.held.peek(key) ?? Buffer.alloc(0);
    const of = (algorithm: string) => createHash(algorithm).update(body).digest('hex');
    return { tag: of('md5'), sha256: of('sha256') };
  }
}
