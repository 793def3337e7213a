/**
 * WAL from one store's archive into another's: a backup is worth nothing in a region that lacks the WAL which makes it consistent.
 *
 * Guaranteed: what is there already is not sent again; a whole segment is read back before the parts that it replaces go; the mark of what the server's clock
 * covers follows only when all that it speaks of is there; what retention had let go there counts again. May be cut anywhere and begun anew, and may run beside
 * whoever writes there.
 */
import { contiguousEnd, type Interval, merge } from '../../domain/intervals';
import { type Lsn, segmentOf, segmentStart } from '../../domain/lsn';
import type { WalReading } from './among';
import type { WalArchive } from './archive';

export interface WalSpan {
  timeline: number;
  from: Lsn;
  /** Absent: all that is stored, of later timelines too. */
  to?: Lsn;
}

export interface WalCopied {
  segments: number;
  bytes: number;
}

export interface WalCopyOptions {
  signal?: AbortSignal;
  progress?: (sofar: WalCopied) => void;
}

export async function copyWal(
  from: WalReading,
  to: WalArchive,
  span: WalSpan,
  options: WalCopyOptions = {},
): Promise<WalCopied> {
  const copied: WalCopied = { segments: 0, bytes: 0 };
  if (span.to === undefined) await followQuarantines(from, to);
  for (const timeline of await from.timelines()) {
    if (timeline < span.timeline || (span.to !== undefined && timeline > span.timeline)) continue;
    // Before the listing: it speaks of what was stored by then.
    const coverage = await from.readCoverage(timeline);
    const history = await from.readHistory(timeline);
    if (history && !(await to.hasHistory(timeline))) await to.putHistory(timeline, history);
    await copyTimeline(from, to, { ...span, timeline }, copied, options);
    if (!coverage || span.to !== undefined) continue;
    const { lsn, serverTime, since } = coverage;
    const first = segmentOf(span.from, to.segmentSize);
    const [theirs, ours] = [await from.intervals(timeline, first), await to.intervals(timeline, first)];
    const whole = ours.length <= theirs.length && ours.some((one) => one.from < lsn && lsn <= one.to);
    const newer = serverTime > ((await to.readCoverage(timeline))?.serverTime ?? 0n);
    if (whole && newer) await to.writeCoverage(timeline, { lsn, serverTime, since });
  }
  return copied;
}

async function copyTimeline(
  from: WalReading,
  to: WalArchive,
  span: WalSpan,
  copied: WalCopied,
  { signal, progress }: WalCopyOptions,
): Promise<void> {
  const size = from.segmentSize;
  const first = segmentOf(span.from, size);
  const behind = span.to === undefined ? undefined : segmentOf(span.to - 1n, size) + 1n;
  const [source, target] = [
    await endsOf(from, span.timeline, first, behind),
    await endsOf(to, span.timeline, first, behind),
  ];
  const there: Interval<Lsn>[] = [];
  for (const [segment, end] of source) {
    signal?.throwIfAborted();
    const whole = { from: segmentStart(segment, size), to: segmentStart(segment + 1n, size) };
    const have = target.get(segment) ?? 0;
    if (have >= end) {
      there.push(whole);
      continue;
    }
    const fetched = await from.fetchSegment(span.timeline, segment);
    if (!fetched || fetched.storedTo <= have) continue; // set aside or removed meanwhile
    there.push(whole);
    const { bytes, storedTo } = fetched;
    if (storedTo === size) await to.completeSegment(span.timeline, segment, bytes);
    else await to.putPart(span.timeline, segmentStart(segment, size) + BigInt(have), bytes.subarray(have, storedTo));
    copied.segments += 1;
    copied.bytes += storedTo - have;
    progress?.(copied);
  }
  await to.countAgain(span.timeline, merge(there));
}

/** Segment → how far it is stored without a hole, ascending. */
async function endsOf(
  archive: Pick<WalReading, 'pieces'>,
  timeline: number,
  first: bigint,
  behind?: bigint,
): Promise<Map<bigint, number>> {
  const segments = Map.groupBy(await archive.pieces(timeline, first, behind), ({ segment }) => segment);
  const ascending = [...segments].sort(([a], [b]) => (a < b ? -1 : 1));
  return new Map(ascending.map(([segment, pieces]) => [segment, contiguousEnd(merge(pieces), 0)]));
}

/** What a rewound server contradicted is set aside here too: other bytes come under the same names. */
async function followQuarantines(from: WalReading, to: WalArchive): Promise<void> {
  const known = (await to.quarantines()).map(({ timeline, from: at }) => `${timeline}/${at}`);
  for (const { timeline, from: at, reason } of await from.quarantines()) {
    if (known.includes(`${timeline}/${at}`)) continue;
    await to.quarantineFrom(timeline, at, reason);
  }
}
