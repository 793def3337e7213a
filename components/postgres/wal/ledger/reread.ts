/**
 * Reads what is stored, since names say nothing of bytes. What was written again although it was stored before is read at once; all the
 * rest by turns, once in a round, so that nothing lies unread for longer than a round takes.
 *
 * The cost: each store is read once in a round (seven days): for each 100 GB of stored WAL some 14 GB a day.
 */
import { isHoldfastError } from '../../../../domain/errors';
import type { Interval } from '../../../../domain/intervals';
import { type Lsn, segmentOf, segmentStart } from '../../../../domain/lsn';
import { isTrouble } from '../../../../domain/wal-ledger';
import type { WalArchive } from '../../../../repository/wal/archive';
import type { WalLedger } from '../../../../repository/wal/ledger';
import type { ListedPiece } from '../../../../repository/wal/listing';
import { judgeBeginning } from './segment-header';
import type { Settled, Stock } from './stock';

export type Verdict = 'sound' | 'altered' | 'foreign';

export interface Spoilt {
  piece: ListedPiece;
  stretch: Interval<Lsn>;
  verdict: 'altered' | 'foreign';
}

/** Segments behind the newest that may still change from parts into a whole. */
const settling = 4n;
/** Clocks of a store's hosts may differ by so much. */
const skewMs = 5000;
/** Objects read at a check beyond what the round needs: to make up for the time when nobody read. */
const extra = 8;

export interface Suspicion {
  before?: WalLedger;
  settled: Settled;
  /** Where the server stood before the names were listed. */
  flushed?: Lsn;
}

export async function readSuspects(archive: WalArchive, stock: Stock, suspicion: Suspicion): Promise<Spoilt[]> {
  const spoilt: Spoilt[] = [];
  for (const { pieces } of stock.timelines) {
    for (const piece of pieces) {
      const stretch = stretchOf(archive, piece);
      if (!isSuspect(piece, stretch, archive.segmentSize, suspicion)) continue;
      const verdict = await judgePiece(archive, piece);
      if (verdict !== 'sound') spoilt.push({ piece, stretch, verdict });
    }
  }
  return spoilt;
}

/** Written after the last check although it was stored by then, or in a place where nobody of ours writes. */
function isSuspect(
  { key, timeline, segment, modified }: ListedPiece,
  stretch: Interval<Lsn>,
  segmentSize: number,
  { before, settled, flushed }: Suspicion,
): boolean {
  if (!before) return false;
  const known = before.findings.find((one) => isTrouble(one) && one.key === key);
  if (known) return known.state === 'open' || modified.getTime() > Date.parse(known.since);
  const held = before.timelines.find((one) => one.timeline === timeline)?.held ?? [];
  const quiet = segmentOf(held.at(-1)?.to ?? 0n, segmentSize) - settling;
  if (held.some(({ from, to }) => from <= stretch.from && stretch.to <= to)) {
    return segment < quiet && modified.getTime() > Date.parse(before.checkedAt) - skewMs;
  }
  if (timeline !== settled.timeline) return true;
  return segment < quiet || (flushed !== undefined && stretch.from >= flushed);
}

export interface Round {
  began: string;
  timeline: number;
  segment: string;
  done: number;
}

/** Reads what is due of the round; a new one begins where the old one ends. */
export async function readDue(
  archive: WalArchive,
  round: Round,
  stock: Stock,
  { now, roundMs, everyMs }: { now: Date; roundMs: number; everyMs: number },
): Promise<{ round: Round; spoilt: Spoilt[] }> {
  const { segmentSize } = archive;
  const total = stock.timelines.reduce((sum, { held }) => sum + segmentsOf(held, segmentSize), 0);
  const elapsed = Math.max(0, now.getTime() - Date.parse(round.began));
  const most = Math.ceil((total * everyMs) / roundMs) + extra;
  let due = Math.min(Math.floor((total * elapsed) / roundMs) - round.done, most);
  const spoilt: Spoilt[] = [];
  let { timeline, done } = round;
  let next = BigInt(round.segment);
  while (due > 0) {
    const found = await nextSegment(archive, stock, timeline, next);
    if (!found) return { round: { began: now.toISOString(), timeline: 0, segment: '0', done: 0 }, spoilt };
    for (const piece of found) {
      const verdict = await judgePiece(archive, piece);
      if (verdict !== 'sound') spoilt.push({ piece, stretch: stretchOf(archive, piece), verdict });
    }
    const [{ timeline: at, segment }] = found as [ListedPiece];
    [timeline, next] = [at, segment + 1n];
    done++;
    due--;
  }
  return { round: { began: round.began, timeline, segment: String(next), done }, spoilt };
}

/** The pieces of the first stored segment at or behind a place in the order of timelines and positions. */
async function nextSegment(
  archive: WalArchive,
  { timelines }: Stock,
  timeline: number,
  segment: bigint,
): Promise<ListedPiece[] | undefined> {
  for (const one of timelines) {
    if (one.timeline < timeline) continue;
    const from = one.timeline === timeline ? segment : 0n;
    for (const stretch of one.held) {
      const last = segmentOf(stretch.to - 1n, archive.segmentSize);
      const first = segmentOf(stretch.from, archive.segmentSize);
      for (let at = from > first ? from : first; at <= last; at++) {
        const pieces = await archive.pieces(one.timeline, at, at + 1n);
        if (pieces.length > 0) return pieces;
      }
    }
  }
  return undefined;
}

async function judgePiece(archive: WalArchive, piece: ListedPiece): Promise<Verdict> {
  try {
    const bytes = await archive.readPiece(piece);
    return bytes ? judgeBeginning(bytes, piece, archive) : 'sound'; // gone: a whole segment has taken its place, or it is missed
  } catch (error) {
    if (isHoldfastError(error) && !error.retryable) return 'altered';
    throw error;
  }
}

function stretchOf({ segmentSize }: WalArchive, { segment, from, to }: ListedPiece): Interval<Lsn> {
  const start = segmentStart(segment, segmentSize);
  return { from: start + BigInt(from), to: start + BigInt(to) };
}

function segmentsOf(held: Interval<Lsn>[], segmentSize: number): number {
  return held.reduce((sum, { from, to }) => sum + Number((to - from) / BigInt(segmentSize)) + 1, 0);
}
