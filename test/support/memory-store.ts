/** A store in memory, with a clock that is told: for tests that make thousands of stores, and for days that pass at once. */
import { createHash } from 'node:crypto';
import { HoldfastError } from '../../domain/errors';
import type { GetOptions, PutOptions, Store, StoredObject } from '../../repository/store';
import { assertKey, assertPrefix } from '../../repository/stores/keys';
import { probeStore } from '../../repository/stores/probe';

interface Held {
  body: Buffer;
  modified: number;
}

export class MemoryStore implements Store {
  readonly kind = 'dir';
  readonly location: string;
  private readonly objects = new Map<string, Held>();

  constructor(
    readonly name: string,
    /** Milliseconds. */
    private readonly now: () => number = Date.now,
  ) {
    this.location = `/memory/${name}`;
  }

  async put(key: string, body: Uint8Array, options: PutOptions = {}): Promise<'created' | 'exists'> {
    assertKey(key);
    options.signal?.throwIfAborted();
    if (options.sha256 !== undefined && createHash('sha256').update(body).digest('hex') !== options.sha256)
      throw new HoldfastError('checksum_mismatch', 'the bytes to be stored are not those that were meant', {
        where: key,
      });
    if (options.ifAbsent && this.objects.has(key)) return 'exists';
    this.objects.set(key, { body: Buffer.from(body), modified: this.now() });
    return 'created';
  }

  async get(key: string, { range, allocate = Buffer.alloc, signal }: GetOptions = {}): Promise<Buffer> {
    assertKey(key);
    signal?.throwIfAborted();
    const held = this.objects.get(key);
    if (!held) throw new HoldfastError('object_not_found', 'the object is not in the store', { where: key });
    const { start = 0, length = held.body.length } = range ?? {};
    const part = start < 0 ? held.body.subarray(start) : held.body.subarray(start, start + length);
    const bytes = allocate(part.length);
    part.copy(bytes);
    return bytes;
  }

  async head(key: string): Promise<StoredObject | undefined> {
    assertKey(key);
    const held = this.objects.get(key);
    return held && { key, bytes: held.body.length, modified: new Date(held.modified) };
  }

  async *list(prefix: string, { after = '', signal }: { after?: string; signal?: AbortSignal } = {}) {
    assertPrefix(prefix);
    const keys = [...this.objects.keys()].filter((key) => key.startsWith(prefix) && key > after);
    for (const key of keys.sort()) {
      signal?.throwIfAborted();
      const held = this.objects.get(key);
      if (held) yield { key, bytes: held.body.length, modified: new Date(held.modified) };
    }
  }

  async *folders(prefix: string): AsyncIterable<string> {
    const below = this.keys(prefix).map((key) => key.slice(prefix.length).split('/'));
    yield* new Set(below.flatMap(([name = '', ...rest]) => (rest.length > 0 ? [name] : [])));
  }

  async delete(keys: string[]): Promise<void> {
    keys.forEach(assertKey);
    for (const key of keys) this.objects.delete(key);
  }

  async clock(): Promise<Date> {
    return new Date(this.now());
  }

  async probe(): Promise<void> {
    await probeStore(this);
  }

  async close(): Promise<void> {}

  /** For judges: without a step in between. */
  peek(key: string): Buffer | undefined {
    return this.objects.get(key)?.body;
  }

  keys(prefix = ''): string[] {
    return [...this.objects.keys()].filter((key) => key.startsWith(prefix)).sort();
  }
}
