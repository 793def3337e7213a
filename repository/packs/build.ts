/**
 * Building one pack: the bytes of its slices one after another, cut into frames, compressed, encrypted, hashed on the way.
 * Synchronous, one pass, memory of one pack: made for a worker thread.
 */
import { createHash, createHmac } from 'node:crypto';
import { crc32c } from '@node-rs/crc32';
import { HoldfastError } from '../../domain/errors';
import { frameBytes, type StoredPack } from '../../domain/pack';
import { type Slice, type StoredSlice, showPath } from '../../domain/tree';
import { blockHashOf } from '../crypto/block-hash';
import { SealWriter } from '../crypto/seal';
import { type PackIndex, type PackRef, packContext } from './pack-index';
import { SliceBlocks } from './slice-blocks';
import { type OpenSlice, readBytes } from './slice-reader';

export interface PackSource extends PackRef {
  slices: Slice[];
  /** The backup's data key. */
  dataKey: Uint8Array;
  /** The repository's content key. */
  contentKey: Uint8Array;
  level?: number;
  /** Of each slice with a basis: what its blocks were in the backup before, see {@link SliceBlocks}. */
  bases?: (Uint8Array | undefined)[];
  /** Reused for the object as long as it is large enough. */
  buffer?: ArrayBufferLike;
}

export interface BuiltPack extends Omit<StoredPack, 'object'> {
  object: Uint8Array;
}

/** What has been read and is not yet a frame; one per thread, used by one pack at a time. */
let staging: Buffer | undefined;

/** @throws HoldfastError whatever the readers throw; a slice that vanished or shrank is no error but its outcome */
export function buildPack(source: PackSource, open: OpenSlice): BuiltPack {
  const { dataKey: key, level, buffer, pack } = source;
  const writer = new SealWriter({ key, context: packContext(source), kind: 'pack', level, buffer });
  const frames = new Framing(writer);
  const hash = blockHashOf(source.contentKey);
  const blocks = source.slices.map((slice, at) => new SliceBlocks(slice, hash, source.bases?.[at]));
  const slices = source.slices.map((slice, at) => readSlice(slice, frames, open, blocks[at] as SliceBlocks));
  frames.flush();
  const bytes = frames.bytes;
  const index: PackIndex = {
    slices,
    hashes: blocks.map(({ hashText }) => hashText),
    frames: [...writer.payloads],
    bytes,
    contentMac: macOf(slices, source.contentKey),
    bodySha256: writer.soFar(),
  };
  const { object, sha256 } = writer.end(Buffer.from(JSON.stringify(index), 'utf8'));
  return { pack, object, storedBytes: object.byteLength, sha256, bytes, contentMac: index.contentMac, slices };
}

class Framing {
  readonly #writer: SealWriter;
  readonly #staging: Buffer;
  #filled = 0;
  bytes = 0;

  constructor(writer: SealWriter) {
    this.#writer = writer;
    staging ??= Buffer.allocUnsafeSlow(frameBytes + readBytes);
    this.#staging = staging;
  }

  /** Where the next bytes go: always {@link readBytes} long. */
  get room(): Buffer {
    return this.#staging.subarray(this.#filled, this.#filled + readBytes);
  }

  took(count: number): void {
    this.#filled += count;
    this.bytes += count;
    if (this.#filled < frameBytes) return;
    this.#writer.append(this.#staging.subarray(0, frameBytes));
    this.#staging.copyWithin(0, frameBytes, this.#filled);
    this.#filled -= frameBytes;
  }

  flush(): void {
    if (this.#filled > 0) this.#writer.append(this.#staging.subarray(0, this.#filled));
    this.#filled = 0;
  }
}

function readSlice(slice: Slice, frames: Framing, open: OpenSlice, blocks: SliceBlocks): StoredSlice {
  const { root, path, offset } = slice;
  const at = frames.bytes;
  const sha256 = createHash('sha256');
  let crc = 0;
  const reader = open(slice);
  let ending: ReturnType<typeof reader.finish>;
  try {
    for (let room = frames.room, count = reader.read(room); count > 0; room = frames.room, count = reader.read(room)) {
      const kept = blocks.take(room.subarray(0, count));
      const chunk = room.subarray(0, kept);
      sha256.update(chunk);
      crc = crc32c(chunk, crc);
      frames.took(kept);
    }
  } finally {
    ending = reader.finish();
  }
  const length = frames.bytes - at;
  if (length > slice.length) {
    throw new HoldfastError('internal', 'more was read of a file than was asked for', { where: showPath(path) });
  }
  return { root, path, offset, length, ...blocks.place, at, sha256: sha256.digest('hex'), crc32c: crc, ...ending };
}

/** Over length, SHA-256 and stretches of each slice, in order: equal for equal contents cut in the same way. */
export function macOf(slices: Pick<StoredSlice, 'length' | 'sha256' | 'extents'>[], contentKey: Uint8Array): string {
  const mac = createHmac('sha256', contentKey);
  for (const { length, sha256, extents } of slices) {
    const head = Buffer.alloc(8);
    head.writeBigUInt64LE(BigInt(length));
    mac.update(head).update(Buffer.from(sha256, 'hex'));
    if (extents !== undefined) mac.update(JSON.stringify(extents));
  }
  return mac.digest('hex');
}
