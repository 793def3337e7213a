/**
 * Segments as a whole and in parts.
 *
 * Guaranteed: under a full segment's name lies a full segment; parts are deleted only after the whole segment was read back from
 * the store; a reader that misses a part looks for the segment again. A timeline's last segment stays parts.
 */
import { HoldfastError, isHoldfastError } from '../../domain/errors';
import { contiguousEnd, merge } from '../../domain/intervals';
import type { Store } from '../store';
import type { StoredPiece, WalNames } from './names';
import type { WalObjects } from './objects';
import { getIfThere, putOnce } from './put-once';

export interface WalPlace {
  store: Store;
  objects: WalObjects;
  names: WalNames;
}

export interface FetchedSegment {
  /** Always a full segment's length: zeros follow what is stored, as a server expects them. */
  bytes: Buffer;
  /** Offset up to which the bytes are stored without a hole; the segment's size when it is whole. */
  storedTo: number;
  whole: boolean;
}

/** @throws HoldfastError `wal_conflict`, `internal` when the bytes are not exactly one segment */
export async function putSegment(place: WalPlace, timeline: number, segment: bigint, bytes: Uint8Array): Promise<void> {
  if (bytes.length !== place.names.segmentSize) {
    throw new HoldfastError('internal', 'a short segment must never be stored under a full segment’s name');
  }
  await putOnce(place.store, place.objects, place.names.segment(timeline, segment), bytes);
}

/** Stores the whole segment, reads it back, and only then deletes its parts. */
export async function completeSegment(
  place: WalPlace,
  timeline: number,
  segment: bigint,
  bytes: Uint8Array,
): Promise<void> {
  await putSegment(place, timeline, segment, bytes);
  const key = place.names.segment(timeline, segment);
  const back = await place.objects.open(await place.store.get(key), key);
  if (Buffer.compare(back, bytes) !== 0) {
    throw new HoldfastError('store_lost_write', 'a segment read back differs from what was stored', {
      where: `${place.store.name}:${key}`,
    });
  }
  const parts = await listParts(place, timeline, segment);
  await removeParts(
    place,
    parts.map((part) => part.key),
  );
}

/** Parts that were locked with a backup stay beside their segment until the lock ends: they say the same. */
async function removeParts({ store }: WalPlace, keys: string[]): Promise<void> {
  try {
    await store.delete(keys);
  } catch (error) {
    if (!isHoldfastError(error) || error.code !== 'object_locked') throw error;
  }
}

export async function listParts(place: WalPlace, timeline: number, segment: bigint): Promise<StoredPiece[]> {
  const parts: StoredPiece[] = [];
  for await (const { key } of place.store.list(place.names.partsOf(timeline, segment))) {
    const part = place.names.parse(key);
    if (part) parts.push(part);
  }
  return parts;
}

/** A segment from its whole object, else from its parts; undefined when nothing of its beginning is stored. */
export async function fetchSegment(
  place: WalPlace,
  timeline: number,
  segment: bigint,
): Promise<FetchedSegment | undefined> {
  for (let attempt = 0; ; attempt++) {
    const whole = await fetchWhole(place, timeline, segment);
    if (whole) return whole;
    const parts = await listParts(place, timeline, segment);
    const assembled = await assemble(place, parts);
    if (assembled !== 'vanished' && (assembled || attempt > 0)) return assembled;
    if (attempt === 5) {
      throw new HoldfastError('object_not_found', 'parts of a segment are listed but cannot be read', {
        where: `${place.store.name}:${place.names.partsOf(timeline, segment)}`,
      });
    }
  }
}

async function fetchWhole(place: WalPlace, timeline: number, segment: bigint): Promise<FetchedSegment | undefined> {
  const key = place.names.segment(timeline, segment);
  const sealed = await getIfThere(place.store, key);
  if (!sealed) return undefined;
  const bytes = await place.objects.open(sealed, key);
  if (bytes.length !== place.names.segmentSize) throw damaged(place, key, 'a whole segment has the wrong size');
  return { bytes, storedTo: bytes.length, whole: true };
}

async function assemble(place: WalPlace, parts: StoredPiece[]): Promise<FetchedSegment | undefined | 'vanished'> {
  const storedTo = contiguousEnd(merge(parts), 0);
  if (storedTo === 0) return undefined;
  const bytes = Buffer.alloc(place.names.segmentSize);
  let filledTo = 0;
  for (const part of [...parts].sort((a, b) => a.from - b.from || a.to - b.to)) {
    if (part.from >= storedTo) break;
    const content = await readPiece(place, part);
    if (!content) return 'vanished';
    // Parts overlap where a receiver was killed and stored the stretch again: then they must agree.
    const overlap = Math.max(0, Math.min(filledTo, part.to) - part.from);
    if (bytes.compare(content, 0, overlap, part.from, part.from + overlap) !== 0) {
      throw new HoldfastError('wal_conflict', 'two stored parts of a segment disagree', {
        where: `${place.store.name}:${part.key}`,
      });
    }
    content.copy(bytes, part.from);
    filledTo = Math.max(filledTo, part.to);
  }
  return { bytes, storedTo, whole: false };
}

/** A stored object by itself; undefined when it is gone. @throws HoldfastError `checksum_mismatch` */
export async function readPiece(place: WalPlace, piece: StoredPiece): Promise<Buffer | undefined> {
  try {
    const content = await place.objects.open(await place.store.get(piece.key), piece.key);
    if (content.length !== piece.to - piece.from) throw damaged(place, piece.key, 'stored WAL has the wrong size');
    return content;
  } catch (error) {
    if (isHoldfastError(error) && error.code === 'object_not_found') return undefined;
    throw error;
  }
}

function damaged(place: WalPlace, key: string, message: string): HoldfastError {
  return new HoldfastError('checksum_mismatch', message, { where: `${place.store.name}:${key}` });
}
