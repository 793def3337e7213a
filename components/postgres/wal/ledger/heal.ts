/**
 * Puts back what a store has lost: from another store that has it, else from the server while it still has it.
 *
 * Guaranteed: what is put back has been opened by its seal, or comes from the very system; nothing that is stored is replaced, an altered object
 * is set aside only when its bytes are in hand; `lost` is said only when every other store was asked and the server itself said that it
 * has removed the WAL. Not guaranteed: that it happens at once; a check mends a bounded number of segments.
 */
import { isHoldfastError, reportError } from '../../../../domain/errors';
import type { Interval } from '../../../../domain/intervals';
import { type Lsn, segmentOf, segmentStart } from '../../../../domain/lsn';
import type { WalFinding } from '../../../../domain/wal-ledger';
import type { WalArchive } from '../../../../repository/wal/archive';
import type { ServerWal } from './server-wal';

export interface Sources {
  others: WalArchive[];
  /** Absent while the server cannot be asked. */
  server?: ServerWal;
}

export type Mended = Pick<WalFinding, 'state' | 'note'>;

/** Each is fetched whole and held in memory. */
const segmentsAtOnce = 16n;

export async function healStretch(
  archive: WalArchive,
  timeline: number,
  stretch: Interval<Lsn>,
  sources: Sources,
  altered?: string,
): Promise<Mended> {
  const size = BigInt(archive.segmentSize);
  const origins = new Set<string>();
  const first = segmentOf(stretch.from, archive.segmentSize);
  for (let segment = first; segment * size < stretch.to; segment++) {
    if (segment - first >= segmentsAtOnce) return { state: 'open', note: 'it is being put back' };
    const start = segmentStart(segment, archive.segmentSize);
    const from = stretch.from > start ? stretch.from : start;
    const to = stretch.to < start + size ? stretch.to : start + size;
    const found = await fetchFrom(archive, timeline, { from, to }, sources);
    if (typeof found === 'string') return unmended(found);
    if (altered !== undefined) await archive.setAside(altered);
    await putBack(archive, timeline, { from, to }, found.bytes);
    origins.add(found.origin);
  }
  return { state: 'healed', note: `from ${[...origins].join(' and ')}` };
}

export async function healHistory(archive: WalArchive, timeline: number, { others, server }: Sources): Promise<Mended> {
  for (const other of others) {
    const text = await other.readHistory(timeline).catch(() => undefined);
    if (!text) continue;
    await archive.putHistory(timeline, text);
    return { state: 'healed', note: `from store ${other.store.name}` };
  }
  const text = await server?.history(timeline);
  if (text === undefined) return unmended('unknown');
  if (text === 'removed') return unmended('removed');
  await archive.putHistory(timeline, text);
  return { state: 'healed', note: 'from the server' };
}

async function fetchFrom(
  { segmentSize }: WalArchive,
  timeline: number,
  { from, to }: Interval<Lsn>,
  { others, server }: Sources,
): Promise<{ bytes: Buffer; origin: string } | 'removed' | 'unknown'> {
  const segment = segmentOf(from, segmentSize);
  const start = segmentStart(segment, segmentSize);
  let unheard = server === undefined;
  for (const other of others) {
    try {
      const stored = await other.fetchSegment(timeline, segment);
      if (!stored || start + BigInt(stored.storedTo) < to) continue;
      return {
        bytes: stored.bytes.subarray(Number(from - start), Number(to - start)),
        origin: `store ${other.store.name}`,
      };
    } catch (error) {
      unheard ||= isHoldfastError(error) && error.retryable;
    }
  }
  const bytes = await server?.stretch(timeline, { from, to });
  if (bytes === 'removed' || bytes === undefined) return unheard ? 'unknown' : 'removed';
  // A server that stands before what is missing (a standby that started anew) will have it later.
  return BigInt(bytes.length) === to - from ? { bytes, origin: 'the server' } : 'unknown';
}

/** As a part, or as a whole where nothing else of the segment is stored: what lies beside it is left alone. */
async function putBack(
  archive: WalArchive,
  timeline: number,
  { from, to }: Interval<Lsn>,
  bytes: Buffer,
): Promise<void> {
  if (to - from === BigInt(archive.segmentSize)) {
    await archive.completeSegment(timeline, segmentOf(from, archive.segmentSize), bytes);
  } else {
    await archive.putPart(timeline, from, bytes);
  }
}

function unmended(why: 'removed' | 'unknown'): Mended {
  if (why === 'unknown') return { state: 'open', note: 'the server or another store could not be asked for it' };
  return { state: 'lost' };
}

/** A failure of a store or of the server while something is put back: it stays open, and says why. */
export function stillOpen(error: unknown): Mended {
  return { state: 'open', note: reportError(error).message };
}
