/**
 * Writing sealed objects, synchronously and in one pass, into a buffer that can be handed over without copying.
 */
import { createCipheriv, createHash, hash, randomBytes } from 'node:crypto';
import { constants, zstdCompressSync } from 'node:zlib';
import { defaultLevel } from '../../domain/pack';
import { freeNow } from './free';
import { deriveKey, keyBytes } from './keys';
import {
  encodeFooter,
  encodeHeader,
  encodeWord,
  footerBytes,
  frameOverhead,
  nonceOf,
  type SealedKind,
} from './sealed-format';

/** AES-GCM is fastest in OpenSSL's hands in pieces that stay in the cache. */
const cipherPiece = 256 * 1024;
/** A frame that would shrink by less than this share is stored as it is, so that reading it costs nothing. */
const worthwhile = 0.97;

export interface SealOptions {
  key: Uint8Array;
  /** What the object is and where it belongs; not stored, but opening needs the same. */
  context: string;
  kind: SealedKind;
  level?: number;
  /** Written into from its start as long as it is large enough. */
  buffer?: ArrayBufferLike;
}

export interface SealedObject {
  object: Uint8Array;
  /** Hex, of the whole object. */
  sha256: string;
}

export function objectKey(key: Uint8Array, salt: Uint8Array): Buffer {
  return deriveKey(key, 'object', salt, keyBytes);
}

export function keyIdOf(key: Uint8Array): Buffer {
  return deriveKey(key, 'key id', undefined, 8);
}

export class SealWriter {
  readonly #options: SealOptions;
  readonly #header: Buffer;
  readonly #key: Buffer;
  readonly #context: Buffer;
  readonly #sha256 = createHash('sha256');
  #target: Buffer;
  #at = 0;
  #frames = 0;
  /** Payload length of each frame written. */
  readonly payloads: number[] = [];

  constructor(options: SealOptions) {
    this.#options = options;
    const salt = randomBytes(32);
    this.#header = encodeHeader({ kind: options.kind, salt, keyId: keyIdOf(options.key) });
    this.#key = objectKey(options.key, salt);
    this.#context = contextHash(options.context);
    this.#target = Buffer.from(options.buffer ?? new ArrayBuffer(64 * 1024));
    this.#write(this.#header);
  }

  append(plain: Uint8Array): void {
    this.#frame(plain, false);
  }

  /** SHA-256 (hex) of everything written so far. */
  soFar(): string {
    return this.#sha256.copy().digest('hex');
  }

  /** Writes the last frame and the footer. */
  end(plain: Uint8Array): SealedObject {
    const before = this.#at;
    this.#frame(plain, true);
    this.#write(
      encodeFooter({
        header: this.#header,
        bytes: this.#at + footerBytes,
        frames: this.#frames,
        lastFrameBytes: this.#at - before,
      }),
    );
    return { object: this.#target.subarray(0, this.#at), sha256: this.#sha256.digest('hex') };
  }

  #frame(plain: Uint8Array, final: boolean): void {
    const packed = compress(plain, this.#options.level ?? defaultLevel);
    const raw = packed === undefined;
    const payload = packed ?? plain;
    const length = payload.byteLength;
    const word = encodeWord({ length, raw, final });
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonceOf(this.#frames, final));
    cipher.setAAD(Buffer.concat([this.#context, this.#header, word]));
    this.#reserve(length + frameOverhead);
    this.#write(word);
    for (let at = 0; at < length; at += cipherPiece) {
      const sealed = cipher.update(payload.subarray(at, at + cipherPiece));
      this.#write(sealed);
      freeNow(sealed);
    }
    if (packed !== undefined) freeNow(packed);
    this.#write(cipher.final());
    this.#write(cipher.getAuthTag());
    this.payloads.push(length);
    this.#frames += 1;
  }

  #write(bytes: Buffer): void {
    this.#reserve(bytes.length);
    bytes.copy(this.#target, this.#at);
    this.#at += bytes.length;
    this.#sha256.update(bytes);
  }

  #reserve(more: number): void {
    if (this.#at + more <= this.#target.length) return;
    const bytes = Math.max(this.#target.length * 2, this.#at + more);
    const shared = this.#target.buffer instanceof SharedArrayBuffer;
    const grown = Buffer.from(shared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes));
    this.#target.copy(grown, 0, 0, this.#at);
    this.#target = grown;
  }
}

/**
 * zstd's own tables for level 3 are made for sources of any length. Half of them is enough for a frame and fits the cache beside it:
 * up to a quarter less time for less than a hundredth of the ratio (docs/benchmarks.md).
 */
const tables: Record<number, object> = { 3: { [constants.ZSTD_c_hashLog]: 16, [constants.ZSTD_c_chainLog]: 15 } };

/** Undefined where compressing does not pay. */
function compress(plain: Uint8Array, level: number): Buffer | undefined {
  if (plain.byteLength < 64) return undefined;
  const packed = zstdCompressSync(plain, {
    params: { [constants.ZSTD_c_compressionLevel]: level, ...tables[level] },
    chunkSize: Math.max(64 * 1024, Math.ceil(plain.byteLength * 1.01)),
  });
  return packed.length < plain.byteLength * worthwhile ? packed : undefined;
}

export function contextHash(context: string): Buffer {
  return hash('sha256', context, 'buffer');
}
