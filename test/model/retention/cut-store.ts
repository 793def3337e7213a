/** A process's view of a store: it may die at any change it makes, and others take their turns between its calls. */
import type { GetOptions, PutOptions, Store, StoredObject } from '../../../repository/store';

export class Killed extends Error {
  override readonly name = 'Killed';
}

/** One life for all the stores that a process uses. */
export interface Life {
  /** Changes it may still make. */
  changes: number;
  /** How many turns others take before each of its calls. */
  turns: () => number;
}

export const immortal: Life = { changes: Number.POSITIVE_INFINITY, turns: () => 0 };

export interface Blindness {
  /** Keys that are not seen. */
  hides: (key: string) => boolean;
}

export class CutStore implements Store {
  readonly name: string;
  readonly kind: Store['kind'];
  readonly location: string;

  constructor(
    private readonly store: Store,
    private readonly life: Life,
    private readonly blindness: Blindness = { hides: () => false },
    private readonly offset = 0,
  ) {
    this.name = store.name;
    this.kind = store.kind;
    this.location = store.location;
  }

  async put(key: string, body: Uint8Array, options?: PutOptions) {
    await this.change();
    return await this.store.put(key, body, options);
  }

  async get(key: string, options?: GetOptions) {
    await this.turn();
    return await this.store.get(key, options);
  }

  async head(key: string) {
    await this.turn();
    return await this.store.head(key);
  }

  async *list(prefix: string, options?: { after?: string; signal?: AbortSignal }): AsyncIterable<StoredObject> {
    await this.turn();
    for await (const object of this.store.list(prefix, options)) if (!this.blindness.hides(object.key)) yield object;
  }

  /** As a program does that dies in the middle of many. */
  async delete(keys: string[]) {
    for (const key of keys) {
      await this.change();
      await this.store.delete([key]);
    }
  }

  async clock() {
    await this.turn();
    return new Date((await this.store.clock()).getTime() + this.offset);
  }

  async probe() {
    await this.store.probe();
  }

  async close() {
    await this.store.close();
  }

  private async change(): Promise<void> {
    await this.turn();
    if (this.life.changes <= 0) throw new Killed('killed');
    this.life.changes--;
  }

  private async turn(): Promise<void> {
    if (this.life.changes <= 0) throw new Killed('killed');
    for (let turn = this.life.turns(); turn > 0; turn--) await Promise.resolve();
  }
}
