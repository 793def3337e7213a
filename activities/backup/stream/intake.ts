/**
 * Files of a stream into packs, as they come: bytes are gathered in the memory of a pack, and a full one goes to a thread and to the store
 * while the next one fills.
 *
 * Guaranteed: memory is bounded by the slots of the process, whatever comes; where the store is slow, the stream waits. Equal files are cut
 * into equal packs wherever they come in the stream (`domain/pack-anchors.ts`).
 */

import { HoldfastError } from '../../../domain/errors';
import type { PlannedPack, StoredPack } from '../../../domain/pack';
import { packBytes } from '../../../domain/pack';
import { beginsPack } from '../../../domain/pack-anchors';
import { PackFiller, type SliceOf } from '../../../domain/plan-packs';
import { type FileChange, slicesPerPack } from '../../../domain/plan-runs';
import { windowsOf } from '../../../domain/plan-stretches';
import type { TreeEntry } from '../../../domain/tree';
import type { Slots } from '../../in-lanes';
import type { PackBuffers } from '../../threads/buffers';
import { Body } from './body';
import type { Runs } from './runs';

/** A pack whose bytes are all here. */
export interface FullPack {
  planned: PlannedPack;
  /** The slices' bytes, one after another, from its beginning. */
  memory: SharedArrayBuffer;
  /** To be called when the bytes are no longer needed. */
  free(): void;
}

export interface IntakeOptions {
  /** Number of the first pack. */
  first: number;
  /** A place in each is taken for a pack, from its first byte until it is stored: the stream's own few, and those of the process. */
  slots: Slots[];
  buffers: PackBuffers;
  runs: Runs;
  /** Undefined when all of it is in the chain already: then there is no such pack. */
  store(pack: FullPack): Promise<StoredPack | undefined>;
}

interface Filling {
  memory: SharedArrayBuffer;
  filled: number;
  leave: () => void;
}

export class Intake {
  private readonly filler: PackFiller;
  private filling?: Filling;
  private readonly underWay = new Set<Promise<unknown>>();
  private failure: unknown;

  constructor(private readonly options: IntakeOptions) {
    const previous = { next: options.first, inOrder: 0, slicesOf: () => [] };
    this.filler = new PackFiller(packBytes, slicesPerPack(), previous);
  }

  /**
   * Takes an entry with all of its bytes: of a file whose changes alone come, with those.
   * @throws what storing an earlier pack threw
   */
  async take(entry: TreeEntry, bytes: AsyncIterable<Buffer>, change?: FileChange): Promise<void> {
    this.options.runs.entry(change === undefined ? entry : { ...entry, inherits: true });
    const body = new Body(bytes);
    if (entry.type === 'file' && entry.size > 0) {
      if (beginsPack(entry.root, entry.path, entry.size))
        for (const pack of this.filler.flush()) await this.full(pack, body);
      for (const pack of this.packsOf(entry, change)) await this.full(pack, body);
    }
    while (!(await body.isOver())) await this.fill(body, packBytes);
  }

  /** Hands on what is left, and returns when all of it is stored and every run written. */
  async end(): Promise<void> {
    for (const pack of this.filler.flush()) await this.full(pack, new Body(nothing()));
    await this.options.runs.end();
  }

  /** Ends what is under way, whatever it ends with: nothing of a stream that broke off still runs when the next one begins. */
  async abandon(): Promise<void> {
    this.filling?.leave();
    if (this.filling) this.options.buffers.give(this.filling.memory);
    this.filling = undefined;
    await Promise.allSettled(this.underWay);
  }

  /** Those that are full by the bytes of the file. */
  private *packsOf(entry: TreeEntry, change: FileChange | undefined): Generator<PlannedPack, void, void> {
    const { root, path, size, ino, mtimeNs, ctimeNs } = entry;
    const common = { root, path, stamp: { size, ino, mtimeNs, ctimeNs }, mayChange: true };
    if (change?.kind === 'none') return;
    if (change?.kind === 'extents') {
      for (const part of windowsOf(change.extents)) yield* this.filler.putWhole({ ...common, ...part });
      return;
    }
    const sliceOf: SliceOf = (offset, length) => {
      const basis = change?.basisOf(offset, length) ?? [];
      return { ...common, offset, length, ...(basis.length > 0 && { basis }) };
    };
    yield* this.filler.put(sliceOf, { offset: 0, length: size });
  }

  private async full(planned: PlannedPack, body: Body): Promise<void> {
    const bytes = planned.slices.reduce((sum, { length }) => sum + length, 0);
    await this.fill(body, bytes - (this.filling?.filled ?? 0));
    const { runs, store } = this.options;
    const filling = this.filling;
    if (filling?.filled !== bytes) throw new HoldfastError('internal', 'a pack was cut for other bytes than came');
    this.filling = undefined;
    const free = once(() => this.options.buffers.give(filling.memory));
    const stored = store({ planned, memory: filling.memory, free }).finally(() => {
      free();
      filling.leave();
      this.underWay.delete(stored);
    });
    this.underWay.add(stored);
    stored.catch((error: unknown) => {
      this.failure ??= error;
    });
    runs.pack(stored, planned.slices.length);
  }

  /** Up to so many bytes more, fewer where the body ends. */
  private async fill(body: Body, most: number): Promise<void> {
    for (let left = most; left > 0; ) {
      const part = await body.next(left);
      if (!part) return;
      const filling = this.filling ?? (await this.open());
      this.filling = filling;
      part.copy(Buffer.from(filling.memory), filling.filled);
      filling.filled += part.length;
      left -= part.length;
    }
  }

  /** Waits for a slot: the stream stands still meanwhile. */
  private async open(): Promise<Filling> {
    if (this.failure !== undefined) throw this.failure;
    const leaving: (() => void)[] = [];
    for (const slots of this.options.slots) leaving.push(await slots.take());
    const leave = () => {
      for (const one of leaving) one();
    };
    return { memory: this.options.buffers.takeWhole(), filled: 0, leave };
  }
}

function once(action: () => void): () => void {
  let done = false;
  return () => {
    if (!done) action();
    done = true;
  };
}

async function* nothing(): AsyncGenerator<Buffer, void, void> {}
