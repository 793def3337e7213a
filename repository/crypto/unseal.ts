/** Opening sealed objects: every byte that comes out has been authenticated first. */
import { createDecipheriv } from 'node:crypto';
import { zstdDecompressSync } from 'node:zlib';
import { HoldfastError } from '../../domain/errors';
import { frameBytes } from '../../domain/pack';
import { freeNow } from './free';
import { contextHash, keyIdOf, objectKey } from './seal';
import {
  damaged,
  decodeFooter,
  decodeHeader,
  decodeWord,
  type Footer,
  footerBytes,
  frameOverhead,
  headerBytes,
  nonceOf,
  type SealedKind,
  tagBytes,
} from './sealed-format';

const cipherPiece = 256 * 1024;
/** A little more than a frame, so that a full one needs no second piece. */
const chunkSize = frameBytes + 64 * 1024;

export interface OpenOptions {
  key: Uint8Array;
  context: string;
  kind: SealedKind;
  /** For messages: the object's key in the store. */
  where: string;
}

/** Opens frames of one object, in any order. */
export class FrameOpener {
  readonly #header: Buffer;
  readonly #key: Buffer;
  readonly #context: Buffer;
  readonly #where: string;

  constructor(header: Buffer, { key, context, kind, where }: OpenOptions) {
    const { salt, keyId } = decodeHeader(header, kind, where);
    if (!keyId.equals(keyIdOf(key))) {
      throw new HoldfastError('key_wrong', 'a stored object was sealed with another key', {
        where,
        hints: ['it belongs to another backup or another repository'],
      });
    }
    this.#header = header.subarray(0, headerBytes);
    this.#key = objectKey(key, salt);
    this.#context = contextHash(context);
    this.#where = where;
  }

  /**
   * The plaintext of the frame that starts at `at`, and where the next one starts.
   * @throws HoldfastError `checksum_mismatch` unless it is exactly the frame of that number, whole and unchanged
   */
  open(bytes: Buffer, at: number, frame: number, final: boolean, limit: number): { plain: Buffer; next: number } {
    const word = decodeWord(bytes, at, this.#where);
    const next = at + word.length + frameOverhead;
    if (next > bytes.length || word.final !== final) throw damaged('is cut off or out of order', this.#where);
    const decipher = createDecipheriv('aes-256-gcm', this.#key, nonceOf(frame, final), { authTagLength: tagBytes });
    decipher.setAAD(Buffer.concat([this.#context, this.#header, bytes.subarray(at, at + 4)]));
    decipher.setAuthTag(bytes.subarray(next - tagBytes, next));
    const payload = Buffer.allocUnsafeSlow(word.length);
    for (let done = 0; done < word.length; done += cipherPiece) {
      const piece = bytes.subarray(at + 4 + done, at + 4 + Math.min(word.length, done + cipherPiece));
      const opened = decipher.update(piece);
      opened.copy(payload, done);
      freeNow(opened);
    }
    try {
      decipher.final();
    } catch {
      throw damaged('is damaged, or is not the one that belongs there', this.#where);
    }
    if (word.raw) return { plain: payload, next };
    const plain = this.#unpack(payload, limit);
    freeNow(payload);
    return { plain, next };
  }

  #unpack(payload: Buffer, limit: number): Buffer {
    try {
      return zstdDecompressSync(payload, { maxOutputLength: limit, chunkSize });
    } catch (error) {
      throw new HoldfastError('invalid_backup', 'a frame cannot be decompressed', { where: this.#where, cause: error });
    }
  }
}

/** Checks that header, footer and length fit together. */
export function frameOf(object: Buffer, where: string): Footer {
  const footer = decodeFooter(object, where);
  const fits = footer.bytes === object.length && footer.header.equals(object.subarray(0, headerBytes));
  if (!fits || footer.frames < 1) throw damaged('has been cut or glued together', where);
  return footer;
}

/** All frames of a whole object in order. */
export function* openFrames(object: Buffer, options: OpenOptions, limit: number): Generator<Buffer> {
  const footer = frameOf(object, options.where);
  const opener = new FrameOpener(object, options);
  let at = headerBytes;
  for (let frame = 0; frame < footer.frames; frame++) {
    const { plain, next } = opener.open(object, at, frame, frame === footer.frames - 1, limit);
    at = next;
    yield plain;
  }
  if (at !== object.length - footerBytes) throw damaged('has bytes that do not belong to it', options.where);
}
