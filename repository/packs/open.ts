/**
 * Reading packs: the index from the tail, slices from the whole object or from a stretch of it. What comes out has been
 * authenticated frame by frame, and each slice compared with what was read from its source: by SHA-256 when that is the question,
 * by CRC-32C where bytes are placed (nobody can have changed an authenticated frame, so only a failing machine is left to find).
 */
import { createHash } from 'node:crypto';
import { crc32c } from '@node-rs/crc32';
import { frameBytes } from '../../domain/pack';
import { type StoredSlice, showPath } from '../../domain/tree';
import { freeNow } from '../crypto/free';
import { readJson } from '../crypto/sealed-bytes';
import { damaged, decodeFooter, footerBytes, frameOverhead, headerBytes } from '../crypto/sealed-format';
import { FrameOpener, frameOf, type OpenOptions } from '../crypto/unseal';
import { indexLimit, type PackIndex, type PackRef, packContext, packIndexSchema } from './pack-index';

/** How much of the end of a pack is read first: enough for the index of most packs. */
export const tailBytes = 64 * 1024;

export interface PackAccess extends PackRef {
  dataKey: Uint8Array;
  /** For messages: the object's key in the store. */
  where: string;
}

function optionsOf(access: PackAccess): OpenOptions {
  return { key: access.dataKey, context: packContext(access), kind: 'pack', where: access.where };
}

/**
 * The index, from the last bytes of a pack.
 * @returns the number of bytes of the tail that are needed, when these are too few
 */
export function readIndex(tail: Buffer, access: PackAccess): { index: PackIndex; bytes: number } | { need: number } {
  const footer = decodeFooter(tail, access.where);
  const need = footerBytes + footer.lastFrameBytes;
  if (need > footer.bytes) throw damaged('has a damaged footer', access.where);
  if (tail.length < need) return { need };
  const opener = new FrameOpener(footer.header, optionsOf(access));
  const last = opener.open(tail.subarray(0, -footerBytes), tail.length - need, footer.frames - 1, true, indexLimit);
  const index = readJson(last.plain, packIndexSchema, access.where);
  const body = index.frames.reduce((sum, payload) => sum + payload + frameOverhead, headerBytes);
  if (index.frames.length !== footer.frames - 1 || body + need !== footer.bytes) {
    throw damaged('has an index that does not fit it', access.where);
  }
  return { index, bytes: footer.bytes };
}

/** Takes the bytes of one slice, in order. */
export interface SliceSink {
  /** The chunk's memory is used again after the call. */
  write(chunk: Buffer, offset: number): void;
  /** Called when every byte was there and the SHA-256 is right. */
  finish(): void;
}

/** A whole object, or the stretch of it that {@link stretchOf} named. */
export interface PackPart {
  bytes: Buffer;
  /** Where in the object the bytes start. */
  start: number;
}

export interface Stretch {
  start: number;
  length: number;
}

/** The bytes of the object that hold these slices (their frames): one stretch from the first to the last. */
export function stretchOf(index: PackIndex, slices: StoredSlice[]): Stretch {
  const filled = slices.filter((slice) => slice.length > 0);
  if (filled.length === 0) return { start: headerBytes, length: 0 };
  const first = Math.floor(Math.min(...filled.map((slice) => slice.at)) / frameBytes);
  const last = Math.floor(Math.max(...filled.map((slice) => slice.at + slice.length - 1)) / frameBytes);
  const starts = frameStarts(index);
  const start = starts[first] ?? 0;
  return { start, length: (starts[last + 1] ?? 0) - start };
}

/** Where each data frame starts in the object, and one more: where the last one ends. */
function frameStarts(index: PackIndex): number[] {
  const starts = [headerBytes];
  for (const payload of index.frames) starts.push((starts.at(-1) ?? 0) + payload + frameOverhead);
  return starts;
}

export interface PackReading extends PackAccess {
  index: PackIndex;
  part: PackPart;
  /** The object's first {@link headerBytes} bytes; by default those of the part, when it starts at 0. */
  header?: Buffer;
  /** By which of its checksums each slice is compared; `sha256` by default. */
  compare?: 'sha256' | 'crc32c';
}

/**
 * Feeds each slice for which `open` gives a sink. Frames that nobody wants are not decrypted.
 * @throws HoldfastError `checksum_mismatch` before `finish` of the slice that is damaged; what its sink got by then is to be thrown away
 */
export function readSlices(
  reading: PackReading,
  open: (slice: StoredSlice, number: number) => SliceSink | undefined,
): void {
  const opener = new FrameOpener(reading.header ?? reading.part.bytes, optionsOf(reading));
  const starts = frameStarts(reading.index);
  let held = -1;
  let plain: Buffer = Buffer.alloc(0);
  const frame = (number: number): Buffer => {
    if (number === held) return plain;
    const start = starts[number];
    if (start === undefined || number >= reading.index.frames.length)
      throw damaged('has too few frames', reading.where);
    freeNow(plain);
    plain = opener.open(reading.part.bytes, start - reading.part.start, number, false, frameBytes).plain;
    held = number;
    return plain;
  };
  for (const [number, slice] of reading.index.slices.entries()) {
    const sink = open(slice, number);
    if (sink !== undefined) feed(slice, sink, frame, reading);
  }
  freeNow(plain);
}

function feed(slice: StoredSlice, sink: SliceSink, frame: (number: number) => Buffer, reading: PackReading): void {
  const { where } = reading;
  const sum = sumOf(slice, reading.compare ?? 'sha256');
  for (let done = 0; done < slice.length; ) {
    const at = slice.at + done;
    const plain = frame(Math.floor(at / frameBytes));
    const chunk = plain.subarray(at % frameBytes, (at % frameBytes) + slice.length - done);
    if (chunk.length === 0) throw damaged('holds less than its index says', where);
    sum.add(chunk);
    sink.write(chunk, done);
    done += chunk.length;
  }
  if (!sum.isRight()) throw damaged(`holds other bytes of ${showPath(slice.path)} than were read from it`, where);
  sink.finish();
}

function sumOf(slice: StoredSlice, by: 'sha256' | 'crc32c'): { add(chunk: Buffer): void; isRight(): boolean } {
  if (by === 'sha256') {
    const hash = createHash('sha256');
    return { add: (chunk) => hash.update(chunk), isRight: () => hash.digest('hex') === slice.sha256 };
  }
  let crc = 0;
  return {
    add: (chunk) => {
      crc = crc32c(chunk, crc);
    },
    isRight: () => crc === slice.crc32c,
  };
}

/** The index of a whole object, with the check that header, frames and footer belong together. */
export function openWhole(object: Buffer, access: PackAccess): PackReading {
  frameOf(object, access.where);
  const found = readIndex(object, access);
  if ('need' in found) throw damaged('is cut off', access.where);
  return { ...access, index: found.index, part: { bytes: object, start: 0 } };
}

/** Opens everything and throws it away: what is left of doubt afterwards is only in the reader of the source. */
export function verifyPack(object: Buffer, access: PackAccess): PackIndex {
  const reading = openWhole(object, access);
  readSlices(reading, () => ({ write: () => undefined, finish: () => undefined }));
  return reading.index;
}
