/**
 * A store in memory on which several writers and readers meet in an order that a seed chooses: each request waits until it is picked, and then
 * happens in one. A writer that is killed has at most one request under way, which may still arrive, at any time, or never.
 */
import { createHash } from 'node:crypto';
import { HoldfastError } from '../../../domain/errors';
import type { GetOptions, PutOptions, Store, StoredObject } from '../../../repository/store';

export function randomBy(seed: number): (below: number) => number {
  let state = createHash('sha256').update(String(seed)).digest().readUInt32LE() || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

interface Waiting {
  actor: string;
  happen: () => void;
}

export class Shuffle {
  readonly objects = new Map<string, { body: Buffer; modified: Date }>();
  /** The store's clock; it jumps. */
  now = Date.parse('2026-01-01T00:00:00Z');
  private waiting: Waiting[] = [];
  private readonly dead = new Set<string>();

  constructor(readonly random: (below: number) => number) {}

  /** Resolves when the request was picked, never when its actor was killed. */
  request<T>(actor: string, work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const happen = () => {
        try {
          const answer = work();
          if (!this.dead.has(actor)) resolve(answer);
        } catch (error) {
          if (!this.dead.has(actor)) reject(error);
        }
      };
      if (!this.dead.has(actor)) this.waiting.push({ actor, happen });
    });
  }

  kill(actor: string): void {
    this.dead.add(actor);
    // What was on its way may have been lost.
    this.waiting = this.waiting.filter((one) => one.actor !== actor || this.random(2) === 0);
  }

  /** Lets requests happen until there are none. */
  async run(between: () => void): Promise<void> {
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      if (this.waiting.length === 0) return;
      const [picked] = this.waiting.splice(this.random(this.waiting.length), 1);
      picked?.happen();
      between();
    }
  }
}

function tagOf(body: Buffer): string {
  return createHash('md5').update(body).digest('hex');
}

export class ShuffledStore implements Store {
  readonly name = 'shuffled';
  readonly kind = 's3';
  readonly location = 's3://shuffled';

  constructor(
    private readonly shuffle: Shuffle,
    private readonly actor: string,
  ) {}

  put(key: string, body: Uint8Array, options: PutOptions = {}): Promise<'created' | 'exists'> {
    return this.#ask(() => {
      if (options.ifAbsent && this.shuffle.objects.has(key)) return 'exists';
      this.shuffle.objects.set(key, { body: Buffer.from(body), modified: new Date(this.shuffle.now) });
      return 'created';
    });
  }

  get(key: string, _options: GetOptions = {}): Promise<Buffer> {
    return this.#ask(() => {
      const found = this.shuffle.objects.get(key);
      if (found) return Buffer.from(found.body);
      throw new HoldfastError('object_not_found', 'the object is not in the store', { where: key });
    });
  }

  head(key: string): Promise<StoredObject | undefined> {
    return this.#ask(() => {
      const found = this.shuffle.objects.get(key);
      return found && { key, bytes: found.body.length, modified: found.modified };
    });
  }

  /** Page by page, as a service lists: what comes or goes between two pages may be in the answer or not. */
  async *list(prefix: string, options: { after?: string } = {}): AsyncIterable<StoredObject> {
    for (let after = options.after ?? ''; ; ) {
      const page = await this.#ask(() =>
        [...this.shuffle.objects]
          .filter(([key]) => key.startsWith(prefix) && key > after)
          .map(([key, { body, modified }]) => ({ key, bytes: body.length, modified, tag: tagOf(body) }))
          .sort((a, b) => (a.key < b.key ? -1 : 1))
          .slice(0, 3),
      );
      yield* page;
      if (page.length < 3) return;
      after = page.at(-1)?.key ?? '';
    }
  }

  delete(keys: string[]): Promise<void> {
    return this.#ask(() => {
      for (const key of keys) this.shuffle.objects.delete(key);
    });
  }

  clock(): Promise<Date> {
    return this.#ask(() => new Date(this.shuffle.now));
  }

  async probe(): Promise<void> {}

  async close(): Promise<void> {}

  #ask<T>(work: () => T): Promise<T> {
    return this.shuffle.request(this.actor, work);
  }
}
