/**
 * The pool of worker threads that does the work of packs, so that the event loop (heartbeats, network) never waits for it.
 *
 * Guaranteed: buffers of packs are handed over and used again: memory is bounded by (packs in flight × one pack). An abort ends the
 * thread in the middle of its work (a new one takes its place); what it had open is closed by the runtime.
 * Not guaranteed: that an aborted placing left its file whole. It is placed again.
 */
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { Piscina } from 'piscina';
import { HoldfastError } from '../../domain/errors';
import { packBytes } from '../../domain/pack';
import type { BuiltPack } from '../../repository/packs/build';
import { PackBuffers } from './buffers';
import type {
  Answer,
  BuildLaidTask,
  BuildTask,
  ChecksumTask,
  CompareTask,
  LayTask,
  OpenSealedTask,
  PlaceOutcome,
  PlaceTask,
  ThreadFunctions,
  VerifiedPack,
  VerifyTask,
} from './tasks';

/** Room for a pack that does not compress, with its index; untouched pages of it cost nothing. */
const bufferBytes = packBytes + 2 * 1024 * 1024;
const idleMs = 60_000;

export interface BuiltInThread {
  built: BuiltPack;
  /** To be called when the object's bytes are no longer needed: its buffer serves the next pack. */
  release(): void;
}

export class PackThreads {
  readonly #pool: Piscina;
  /** For packs on their way to a thread or from one. */
  readonly buffers: PackBuffers;
  /** For bytes that come from elsewhere. Not the same: these are written full, of the others only as much as a pack compresses to. */
  readonly received: PackBuffers;
  readonly threads: number;

  constructor(threads = Math.min(availableParallelism(), 4)) {
    this.threads = threads;
    this.buffers = new PackBuffers(bufferBytes, threads * 2);
    this.received = new PackBuffers(packBytes, threads + 1);
    this.#pool = new Piscina({
      filename: path.join(__dirname, 'pack-thread.js'),
      minThreads: 0,
      maxThreads: threads,
      idleTimeout: idleMs,
      resourceLimits: { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 4 },
    });
  }

  /** @throws HoldfastError whatever reading the source throws; the signal's abort */
  async buildPackInThread(task: Omit<BuildTask, 'buffer'>, signal?: AbortSignal): Promise<BuiltInThread> {
    const buffer = this.buffers.takeWhole();
    return this.#handedOut(await this.#run('buildPack', { ...task, buffer }, [], signal), buffer);
  }

  /** As {@link buildPackInThread}, of bytes that lie in memory. */
  async buildLaidPackInThread(task: Omit<BuildLaidTask, 'buffer'>, signal?: AbortSignal): Promise<BuiltInThread> {
    const buffer = this.buffers.takeWhole();
    return this.#handedOut(await this.#run('buildLaidPack', { ...task, buffer }, [], signal), buffer);
  }

  /** @throws HoldfastError `checksum_mismatch`, `key_wrong` */
  async layPartsInThread(task: LayTask, signal?: AbortSignal): Promise<void> {
    await this.#run('layParts', task, handedOver(task.object), signal);
  }

  /** @throws HoldfastError `checksum_mismatch`, `key_wrong`, and what placing throws */
  async placePackInThread(task: PlaceTask, signal?: AbortSignal): Promise<PlaceOutcome> {
    return await this.#run('placePack', task, handedOver(task.object), signal);
  }

  /** Decrypts and compares everything. @throws HoldfastError `checksum_mismatch`, `key_wrong` */
  async verifyPackInThread(task: VerifyTask, signal?: AbortSignal): Promise<VerifiedPack> {
    return await this.#run('verifyPack', task, handedOver(task.object), signal);
  }

  /** SHA-256 (hex) of shared memory. */
  async hashInThread(bytes: Uint8Array, signal?: AbortSignal): Promise<string> {
    return await this.#run('hashBytes', { bytes }, [], signal);
  }

  /** Which of the slices the target already holds. */
  async compareSlicesInThread(task: CompareTask, signal?: AbortSignal): Promise<boolean[]> {
    return await this.#run('compareSlices', task, [], signal);
  }

  /** Size and CRC-32C of a file in its tree; undefined when it is not there. */
  async checksumInThread(task: ChecksumTask, signal?: AbortSignal) {
    return await this.#run('checksumFile', task, [], signal);
  }

  /** The object may be handed over: it must not be used again. @throws HoldfastError `checksum_mismatch`, `key_wrong` */
  async openSealedInThread(task: OpenSealedTask): Promise<Buffer> {
    const { buffer, byteLength } = task.object;
    const own = buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? [buffer] : [];
    const opened = await this.#run('openSealed', task, own);
    return Buffer.from(opened.buffer, opened.byteOffset, opened.byteLength);
  }

  async close(): Promise<void> {
    this.buffers.clear();
    this.received.clear();
    await this.#pool.destroy();
  }

  #handedOut(built: BuiltPack, buffer: ReturnType<PackBuffers['takeWhole']>): BuiltInThread {
    let used = true;
    const release = () => {
      if (used) this.buffers.give(buffer);
      used = false;
    };
    return { built, release };
  }

  async #run<Name extends keyof ThreadFunctions>(
    name: Name,
    task: ThreadFunctions[Name]['task'],
    transferList: ArrayBuffer[],
    signal?: AbortSignal,
  ): Promise<ThreadFunctions[Name]['result']> {
    signal?.throwIfAborted();
    const answer: Answer<ThreadFunctions[Name]['result']> = await this.#pool.run(task, { name, transferList, signal });
    if ('value' in answer) return answer.value;
    const { code, message, where, hints } = answer.error;
    throw new HoldfastError(code, message, { where, hints });
  }
}

/** Only memory that is nobody else's may be handed over; shared memory stays where it is. */
function handedOver({ buffer, byteLength }: Uint8Array): ArrayBuffer[] {
  if (buffer instanceof SharedArrayBuffer) return [];
  if (buffer.byteLength === byteLength) return [buffer];
  throw new HoldfastError('internal', 'a pack lies in a buffer with other things and cannot be handed to a thread');
}
