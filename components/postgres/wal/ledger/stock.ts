/**
 * Takes stock of one archive: what its names say is there, beside what the ledger says was. Changes nothing but a timeline that was never
 * ours, which is set aside.
 */
import { type Interval, merge, within, without } from '../../../../domain/intervals';
import { type Lsn, segmentOf, segmentStart } from '../../../../domain/lsn';
import type { TimelineStretch } from '../../../../domain/timeline';
import { endOfWal } from '../../../../domain/wal-keep';
import { expectedStretch, missingWithin, type WalFinding } from '../../../../domain/wal-ledger';
import { announcedTimelines } from '../../../../repository/wal/announced';
import type { WalArchive } from '../../../../repository/wal/archive';
import type { WalLedger } from '../../../../repository/wal/ledger';
import { type ListedPiece, storedIntervals } from '../../../../repository/wal/listing';
import type { Quarantined } from '../../../../repository/wal/quarantine';
import { isWithin, type RemovedWal } from '../../../../repository/wal/removed';
import type { SegmentWindow, Windows } from './windows';

export interface TimelineStock {
  timeline: number;
  /** What was stored at any time and not set aside since. */
  held: Interval<Lsn>[];
  present: Interval<Lsn>[];
  pieces: ListedPiece[];
  /** What of the timeline was listed. */
  lookedAt: Interval<Lsn>[];
  missing: Interval<Lsn>[];
}

export interface Stock {
  timelines: TimelineStock[];
  quarantines: string[];
  /** What retention let go: it is missed by nobody. */
  removed: RemovedWal;
  /** Found on the way: forked timelines, histories that are not there. */
  found: Pick<WalFinding, 'fault' | 'state' | 'timeline' | 'note'>[];
}

export interface StockOptions {
  archive: WalArchive;
  before?: WalLedger;
  windows: Windows;
  /** The server's way; empty while it is not known. */
  path: TimelineStretch[];
  /** How far every store holds the stream by the receiver's word: what lies beyond is still on its way. */
  settled: Settled;
}

export interface Settled {
  timeline: number;
  lsn: Lsn;
}

export async function takeStock(options: StockOptions): Promise<Stock> {
  const { archive, before, path } = options;
  const orders = await archive.quarantines();
  const removed = await archive.removed();
  const stock: Stock = { timelines: [], quarantines: orders.map(({ folder }) => folder), removed, found: [] };
  // A history alone makes no timeline known: it may have come a moment before what does not belong here.
  const stocked = before?.timelines.filter(({ held }) => held.length > 0);
  const known = stocked && new Set([...stocked, ...path].map(({ timeline }) => timeline));
  const listed = await archive.timelines();
  for (const timeline of new Set([...(before?.timelines.map((one) => one.timeline) ?? []), ...listed])) {
    const fresh = orders.filter((order) => order.timeline === timeline && !before?.quarantines.includes(order.folder));
    const held = without(heldBefore(before, timeline, fresh, archive), removed.get(timeline) ?? []);
    const taken = await lookAt(options, timeline, held, removed.get(timeline));
    if (taken.pieces.length > 0 && known && !known.has(timeline) && (await isForked(archive, timeline))) {
      const { folder } = await archive.quarantineTimeline(timeline, 'no receiver of ours was on this timeline');
      stock.quarantines.push(folder);
      stock.found.push({ fault: 'forked', state: 'set aside', timeline, note: folder });
      continue;
    }
    if (taken.pieces.length > 0 && timeline > 1 && !(await archive.hasHistory(timeline))) {
      stock.found.push({ fault: 'history_missing', state: 'open', timeline });
    }
    stock.timelines.push(taken);
  }
  stock.timelines.sort((a, b) => a.timeline - b.timeline);
  return stock;
}

/** What was set aside since the names were listed. Where something of ours was in its `place`, that is missing now. */
export function dropFromStock(
  { timelines }: Stock,
  { key, timeline }: ListedPiece,
  stretch: Interval<Lsn>,
  { segmentSize, place }: { segmentSize: number; place: 'ours' | 'nobody’s' },
): void {
  const one = timelines.find((each) => each.timeline === timeline);
  if (!one) return;
  one.pieces = one.pieces.filter((piece) => piece.key !== key);
  one.present = storedIntervals(one.pieces, segmentSize);
  if (place === 'ours') return;
  one.held = merge([...without(one.held, [stretch]), ...one.present].map((each) => ({ ...each })));
}

/**
 * Fills in what is missing. It may have moved from parts into a whole segment between two lists: it is asked for again. False when
 * something went into quarantine meanwhile, and nothing can be said.
 */
export async function findMissing(stock: Stock, options: StockOptions): Promise<boolean> {
  const { archive } = options;
  for (const one of stock.timelines) one.missing = missingOf(one, stock, options);
  // It is on record before the first object goes: what was let go since the names were listed is found here.
  if (stock.timelines.some(({ missing }) => missing.length > 0)) leaveOut(stock, await archive.removed());
  for (const one of stock.timelines) {
    for (const { from } of one.missing) {
      const again = await archive.pieces(one.timeline, segmentOf(from, archive.segmentSize));
      one.missing = without(one.missing, storedIntervals(again, archive.segmentSize));
    }
  }
  const orders = await archive.quarantines();
  return orders.every(({ folder }) => stock.quarantines.includes(folder));
}

function leaveOut(stock: Stock, removed: RemovedWal): void {
  stock.removed = removed;
  for (const one of stock.timelines) {
    const gone = removed.get(one.timeline) ?? [];
    one.missing = without(one.missing, gone);
    one.held = without(one.held, gone);
  }
}

async function isForked(archive: WalArchive, timeline: number): Promise<boolean> {
  return !(await announcedTimelines(archive.ledgerPlace)).has(timeline);
}

function heldBefore(
  before: WalLedger | undefined,
  timeline: number,
  orders: Quarantined[],
  { segmentSize }: WalArchive,
): Interval<Lsn>[] {
  const held = before?.timelines.find((one) => one.timeline === timeline)?.held ?? [];
  return orders.reduce((left, { from }) => {
    const start = segmentStart(segmentOf(from, segmentSize), segmentSize);
    return without(left, [{ from: start, to: endOfWal }]);
  }, held);
}

async function lookAt(
  { archive, windows, settled }: StockOptions,
  timeline: number,
  heldBefore: Interval<Lsn>[],
  removed: Interval<Lsn>[] = [],
): Promise<TimelineStock> {
  const until = timeline < settled.timeline ? endOfWal : timeline === settled.timeline ? settled.lsn : 0n;
  const pieces: ListedPiece[] = [];
  const lookedAt: Interval<Lsn>[] = [];
  for (const { from, to } of windows.of(archive.store.name, timeline, heldBefore)) {
    const listed = await archive.pieces(timeline, from, to);
    pieces.push(...listed.filter(({ segment }) => !isWithin(segment, archive.segmentSize, removed)));
    lookedAt.push(...within([positions({ from, to }, archive.segmentSize)], { from: 0n, to: until }));
  }
  const present = storedIntervals(pieces, archive.segmentSize);
  return { timeline, held: merge([...heldBefore, ...present]), present, pieces, lookedAt, missing: [] };
}

function positions({ from, to }: SegmentWindow, segmentSize: number): Interval<Lsn> {
  return {
    from: segmentStart(from, segmentSize),
    to: to === undefined ? endOfWal : segmentStart(to, segmentSize),
  };
}

/** Only when the stores have taken up the server's newest timeline are its ancestors to be whole up to their forks. */
function missingOf(one: TimelineStock, stock: Stock, { path, settled }: StockOptions): Interval<Lsn>[] {
  const onNewest = path.at(-1)?.timeline === settled.timeline;
  const onPath = onNewest ? path.find(({ timeline }) => timeline === one.timeline) : undefined;
  const expected = expectedStretch(one.held, onPath);
  if (expected && onPath && onPath.from < expected.from && holdsAncestor(stock, path, one.timeline)) {
    expected.from = onPath.from;
  }
  return one.lookedAt.flatMap((window) => missingWithin(expected, one.present, window));
}

function holdsAncestor({ timelines }: Stock, path: TimelineStretch[], timeline: number): boolean {
  const ancestors = path.slice(
    0,
    path.findIndex((one) => one.timeline === timeline),
  );
  return ancestors.some((one) => timelines.some((held) => held.timeline === one.timeline && held.held.length > 0));
}
