/**
 * The bytes around the frames of a sealed object: header and footer (docs/format.md, "Sealed objects").
 * Both are in the clear, hold nothing about the contents, and are authenticated with every frame.
 */
import { crc32c } from '@node-rs/crc32';
import { HoldfastError } from '../../domain/errors';

export const headerBytes = 64;
export const footerBytes = 96;
export const saltBytes = 32;
export const tagBytes = 16;
/** A frame's word (4 bytes) and tag. */
export const frameOverhead = 4 + tagBytes;
const magic = Buffer.from('HOLDFAST', 'latin1');
const endMagic = Buffer.from('HOLDEND1', 'latin1');
const version = 1;

/** What an object is; part of its header, so that one kind cannot stand in for another. */
export const sealedKinds = { pack: 1, metadata: 2, wal: 3 } as const;
export type SealedKind = keyof typeof sealedKinds;

export interface Header {
  kind: SealedKind;
  salt: Buffer;
  /** Says which key sealed it, so that a wrong key is told from damage. */
  keyId: Buffer;
}

export interface Footer {
  header: Buffer;
  /** Of the whole object. */
  bytes: number;
  frames: number;
  /** Word, ciphertext and tag of the last frame. */
  lastFrameBytes: number;
}

/** A frame's word: payload length, and whether the payload is stored as it is. */
export interface FrameWord {
  length: number;
  raw: boolean;
  final: boolean;
}

const rawBit = 0x40000000;
const finalBit = 0x80000000;
const lengthMask = 0x0fffffff;

export function encodeHeader({ kind, salt, keyId }: Header): Buffer {
  const header = Buffer.alloc(headerBytes);
  magic.copy(header, 0);
  header.writeUInt8(version, 8);
  header.writeUInt8(sealedKinds[kind], 9);
  salt.copy(header, 16);
  keyId.copy(header, 48);
  header.writeUInt32LE(crc32c(header.subarray(0, 60)), 60);
  return header;
}

export function decodeHeader(header: Buffer, kind: SealedKind, where: string): Header {
  if (header.length < headerBytes || !header.subarray(0, 8).equals(magic)) {
    throw damaged('does not begin like one of ours', where);
  }
  if (crc32c(header.subarray(0, 60)) !== header.readUInt32LE(60)) throw damaged('has a damaged header', where);
  if (header[8] !== version) {
    throw new HoldfastError('repository_format', `a stored object has format version ${header[8]}`, {
      where,
      hints: [`this holdfast reads version ${version}: use the release that wrote it, or a later one`],
    });
  }
  if (header[9] !== sealedKinds[kind]) throw damaged(`is not of the kind ${kind}`, where);
  return { kind, salt: header.subarray(16, 16 + saltBytes), keyId: header.subarray(48, 56) };
}

export function encodeFooter({ header, bytes, frames, lastFrameBytes }: Footer): Buffer {
  const footer = Buffer.alloc(footerBytes);
  header.copy(footer, 0);
  footer.writeBigUInt64LE(BigInt(bytes), 64);
  footer.writeUInt32LE(frames, 72);
  footer.writeUInt32LE(lastFrameBytes, 76);
  footer.writeUInt32LE(crc32c(footer.subarray(0, 80)), 80);
  endMagic.copy(footer, 88);
  return footer;
}

/** From the last bytes of an object, however many of them there are. */
export function decodeFooter(tail: Buffer, where: string): Footer {
  const footer = tail.subarray(Math.max(0, tail.length - footerBytes));
  if (footer.length < footerBytes || !footer.subarray(88).equals(endMagic) || footer.readUInt32LE(84) !== 0) {
    throw damaged('does not end like one of ours: it may have been cut off', where);
  }
  if (crc32c(footer.subarray(0, 80)) !== footer.readUInt32LE(80)) throw damaged('has a damaged footer', where);
  return {
    header: footer.subarray(0, headerBytes),
    bytes: Number(footer.readBigUInt64LE(64)),
    frames: footer.readUInt32LE(72),
    lastFrameBytes: footer.readUInt32LE(76),
  };
}

export function encodeWord({ length, raw, final }: FrameWord): Buffer {
  const word = Buffer.alloc(4);
  word.writeUInt32LE((length | (raw ? rawBit : 0) | (final ? finalBit : 0)) >>> 0);
  return word;
}

export function decodeWord(bytes: Buffer, at: number, where: string): FrameWord {
  if (at + 4 > bytes.length) throw damaged('is cut off', where);
  const word = bytes.readUInt32LE(at);
  return { length: word & lengthMask, raw: (word & rawBit) !== 0, final: (word & finalBit) !== 0 };
}

/** One nonce per frame and object key: the frame's number, and whether it is the last. */
export function nonceOf(frame: number, final: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeBigUInt64BE(BigInt(frame), 0);
  nonce.writeUInt32BE(final ? 1 : 0, 8);
  return nonce;
}

export function damaged(how: string, where: string): HoldfastError {
  return new HoldfastError('checksum_mismatch', `a stored object ${how}`, {
    where,
    hints: ['restore from another store or backup; holdfast verify names everything that is damaged'],
  });
}
