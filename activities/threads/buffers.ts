/**
 * Memory for whole packs, shared between the threads of this process and used again and again.
 *
 * Shared memory, because it is neither copied nor moved on its way to a thread and back. Memory that is moved counts anew in each
 * thread that it reaches, and after every few packs the garbage collector would go through everything for its sake.
 */
export class PackBuffers {
  readonly #free: SharedArrayBuffer[] = [];

  /**
   * @param bytes of each buffer; pages of it that were never touched cost nothing
   * @param most buffers kept while nobody needs them
   */
  constructor(
    readonly bytes: number,
    private readonly most: number,
  ) {}

  takeWhole(): SharedArrayBuffer {
    return this.#free.pop() ?? new SharedArrayBuffer(this.bytes);
  }

  /** Room for exactly so many bytes. */
  take(bytes: number): Buffer {
    return Buffer.from(bytes > this.bytes ? new SharedArrayBuffer(bytes) : this.takeWhole(), 0, bytes);
  }

  /** To be called once, when nobody reads or writes it any more. What came from elsewhere is left alone. */
  give(memory: ArrayBufferLike): void {
    if (!(memory instanceof SharedArrayBuffer) || memory.byteLength !== this.bytes) return;
    if (this.#free.length < this.most) this.#free.push(memory);
  }

  clear(): void {
    this.#free.length = 0;
  }
}
