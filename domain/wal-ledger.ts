/**
 * The ledger of an archive: what a store should hold of a database's WAL, and what was found to be wrong with it. Pure: positions and
 * findings, no listing and no clock.
 */
import { type Interval, merge, overlap, within, without } from './intervals';
import { formatLsn, type Lsn } from './lsn';
import type { TimelineStretch } from './timeline';

/**
 * `missing`: it was stored, or lies between what is. `altered`: it does not open, or is not what its name says. `foreign`: WAL of another
 * database system. `forked`: a timeline that no receiver of ours was on. `history_missing`: the way to a timeline is not stored.
 */
export type WalFault = 'missing' | 'altered' | 'foreign' | 'forked' | 'history_missing';

/**
 * `open`: it may still be mended. `lost`: nobody has it any more. `healed`: it is there again. `set aside`: moved into quarantine.
 */
export type FindingState = 'open' | 'lost' | 'healed' | 'set aside';

export interface WalFinding {
  fault: WalFault;
  state: FindingState;
  timeline: number;
  /** The stretch that this store cannot give; absent where a whole timeline or its history is meant. */
  stretch?: Interval<Lsn>;
  /** The object, where it is one. */
  key?: string;
  /** By the store's clock. */
  foundAt: string;
  /** When the state became what it is. */
  since: string;
  /** How it was healed, or why it could not be. */
  note?: string;
}

export interface TimelineHoldings {
  timeline: number;
  /** What was stored at any time and not set aside since: merged, ascending. */
  held: Interval<Lsn>[];
}

/** Whether it still stands between the user and a restore. */
export function isTrouble({ state }: Pick<WalFinding, 'state'>): boolean {
  return state === 'open' || state === 'lost';
}

/**
 * The stretch of a timeline that has to be whole: from the first byte that was ever stored to the last; on the way that the server has
 * come, an ancestor's goes on to its fork.
 */
export function expectedStretch(held: Interval<Lsn>[], onPath?: TimelineStretch): Interval<Lsn> | undefined {
  const [first, last] = [held[0], held.at(-1)];
  if (!first || !last) return undefined;
  const to = onPath?.to !== undefined && onPath.to > last.to ? onPath.to : last.to;
  return { from: first.from, to };
}

/** What should be there and is not, within the stretch that was looked at. */
export function missingWithin(
  expected: Interval<Lsn> | undefined,
  present: Interval<Lsn>[],
  lookedAt: Interval<Lsn>,
): Interval<Lsn>[] {
  return expected ? without(within([expected], lookedAt), present) : [];
}

/** What a store can give of a timeline, without what was found to be no WAL of ours. */
export function usableIntervals(timeline: number, present: Interval<Lsn>[], findings: WalFinding[]): Interval<Lsn>[] {
  const spoilt = findings.flatMap((one) =>
    one.timeline === timeline && isTrouble(one) && one.fault !== 'missing' && one.stretch ? [one.stretch] : [],
  );
  return without(present, merge(spoilt));
}

/** A gap that somebody has said to know of. */
export interface Acknowledgement {
  timeline: number;
  stretch: Interval<Lsn>;
  by: string;
  at: string;
}

export function isAcknowledged(timeline: number, stretch: Interval<Lsn>, acknowledged: Acknowledgement[]): boolean {
  const known = merge(acknowledged.filter((one) => one.timeline === timeline).map((one) => ({ ...one.stretch })));
  return without([stretch], known).length === 0;
}

/** The finding of before that a stretch belongs to: it keeps its time, and what is known of it. */
export function earlierFinding(
  findings: WalFinding[],
  fault: WalFault,
  timeline: number,
  stretch: Interval<Lsn>,
): WalFinding | undefined {
  return findings.find(
    (one) =>
      one.fault === fault &&
      one.timeline === timeline &&
      isTrouble(one) &&
      one.stretch !== undefined &&
      overlap(one.stretch, stretch),
  );
}

/** One line for people. */
export function describeFinding({ fault, timeline, stretch, state, note }: WalFinding): string {
  const where = stretch
    ? `${formatLsn(stretch.from)} to ${formatLsn(stretch.to)} of timeline ${timeline}`
    : `timeline ${timeline}`;
  const what = {
    missing: `WAL is missing: ${where}`,
    altered: `stored WAL was altered: ${where}`,
    foreign: `WAL of another database system lay among ours: ${where}`,
    forked: `WAL of ${where} came from no receiver of ours: a copy of the database writes into the archive`,
    history_missing: `the history of timeline ${timeline} is missing`,
  }[fault];
  const end = {
    open: '',
    lost: ', and nobody has it any more',
    healed: ', and was put back',
    'set aside': ', and was set aside',
  };
  return `${what}${end[state]}${note === undefined ? '' : ` (${note})`}`;
}
