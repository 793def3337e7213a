/** One check of one archive: stock, reading, healing, and the ledger written anew. */
import { type Interval, overlap } from '../../../../domain/intervals';
import type { Lsn } from '../../../../domain/lsn';
import { earlierFinding, isTrouble, type WalFault, type WalFinding } from '../../../../domain/wal-ledger';
import type { WalArchive } from '../../../../repository/wal/archive';
import type { WalLedger } from '../../../../repository/wal/ledger';
import { healHistory, healStretch, type Mended, type Sources, stillOpen } from './heal';
import { readDue, readSuspects, type Spoilt } from './reread';
import { confirmMissing, type Settled, type Stock, takeStock } from './stock';
import type { Windows } from './windows';

export interface CheckOptions {
  archive: WalArchive;
  before?: WalLedger;
  windows: Windows;
  sources: Sources;
  /** How far the receiver's stream is stored. */
  settled: Settled;
  /** What is lost is looked for again: another store may have come back. */
  retryLost: boolean;
  everyMs: number;
  roundMs: number;
}

/** Of what is over, so many are remembered. */
const remembered = 50;

/** Returns the ledger as it is now; undefined when the archive changed under our eyes, and the next check will tell. */
export async function checkArchive(options: CheckOptions): Promise<WalLedger | undefined> {
  const { archive, before, windows, sources, settled } = options;
  const { server } = sources;
  const now = await archive.store.clock();
  const stock = await takeStock({ archive, before, windows, path: server?.look.path ?? [], settled });
  const spoilt = await readSuspects(archive, before, stock);
  const due = await readDue(archive, before?.reading ?? firstRound(now), stock, { now, ...options });
  spoilt.push(...due.spoilt);
  if (!(await confirmMissing(archive, stock))) return undefined;

  const book = new Book(options, stock, now.toISOString());
  for (const found of stock.found) await book.told(found);
  for (const one of spoilt) await book.spoilt(one);
  for (const one of stock.timelines) {
    for (const stretch of one.missing) await book.missing(one.timeline, stretch);
  }
  const look = server?.look;
  const newest = look && stock.timelines.find(({ timeline }) => timeline === look.timeline)?.present.at(-1);
  return {
    format: 1,
    checkedAt: now.toISOString(),
    server: look ? { timeline: look.timeline, lsn: look.flushed, at: now.toISOString() } : before?.server,
    stored: look && newest ? { timeline: look.timeline, lsn: newest.to } : before?.stored,
    timelines: stock.timelines.map(({ timeline, held }) => ({ timeline, held })),
    quarantines: stock.quarantines,
    findings: book.close(),
    reading: due.round,
    asked: before?.asked,
  };
}

/** The findings of one check, each with what is known of it from before. */
class Book {
  private readonly entries: WalFinding[] = [];
  private readonly earlier: WalFinding[];

  constructor(
    private readonly options: CheckOptions,
    private readonly stock: Stock,
    private readonly now: string,
  ) {
    this.earlier = options.before?.findings ?? [];
  }

  /** A history that is missing, a timeline that was set aside. */
  async told({ fault, state, timeline, note }: Stock['found'][number]): Promise<void> {
    const before = this.earlier.find((one) => one.fault === fault && one.timeline === timeline && isTrouble(one));
    const mend = () => healHistory(this.options.archive, timeline, this.options.sources);
    this.enter({ fault, timeline }, before, state === 'open' ? await this.mended(before, mend) : { state, note });
  }

  async spoilt({ piece, stretch, verdict }: Spoilt): Promise<void> {
    const { archive, sources } = this.options;
    const { timeline, key } = piece;
    if (this.entries.some((one) => one.key === key)) return; // due in the round, and suspect as well
    const before = this.earlier.find((one) => one.key === key && isTrouble(one));
    if (verdict === 'foreign') {
      this.enter({ fault: verdict, timeline, stretch, key }, before, await this.aside(key));
      await this.missing(timeline, stretch);
      return;
    }
    const mend = () => healStretch(archive, timeline, stretch, sources, key);
    this.enter({ fault: verdict, timeline, stretch, key }, before, await this.mended(before, mend));
  }

  async missing(timeline: number, stretch: Interval<Lsn>): Promise<void> {
    const before = earlierFinding(this.earlier, 'missing', timeline, stretch);
    const mend = () => healStretch(this.options.archive, timeline, stretch, this.options.sources);
    this.enter({ fault: 'missing', timeline, stretch }, before, await this.mended(before, mend));
  }

  /** What was not seen again: it is over where we looked, and stays where we did not. */
  close(): WalFinding[] {
    for (const one of this.earlier) {
      if (!isTrouble(one)) this.entries.push(one);
      else if (!this.isSeen(one)) this.entries.push(this.isOver(one) ? this.over(one) : one);
    }
    const over = this.entries.filter((one) => !isTrouble(one)).sort((a, b) => (a.since < b.since ? 1 : -1));
    return [...this.entries.filter(isTrouble), ...over.slice(0, remembered)];
  }

  private async mended(before: WalFinding | undefined, mend: () => Promise<Mended>): Promise<Mended> {
    if (before?.state === 'lost' && !this.options.retryLost) return { state: 'lost', note: before.note };
    return await mend().catch(stillOpen);
  }

  private async aside(key: string): Promise<Mended> {
    return { state: 'set aside', note: await this.options.archive.setAside(key) };
  }

  private enter(
    what: { fault: WalFault; timeline: number; stretch?: Interval<Lsn>; key?: string },
    before: WalFinding | undefined,
    { state, note }: Mended,
  ): void {
    const since = before?.state === state ? before.since : this.now;
    this.entries.push({ ...what, state, note, foundAt: before?.foundAt ?? this.now, since });
  }

  private isSeen(one: WalFinding): boolean {
    return this.entries.some(
      (now) =>
        now.fault === one.fault &&
        now.timeline === one.timeline &&
        now.key === one.key &&
        (now.stretch === one.stretch || (now.stretch && one.stretch && overlap(now.stretch, one.stretch))),
    );
  }

  private isOver({ fault, timeline, stretch, key, state }: WalFinding): boolean {
    const taken = this.stock.timelines.find((one) => one.timeline === timeline);
    if (!taken || !stretch) return true;
    const looked = taken.lookedAt.some(({ from, to }) => from <= stretch.from && stretch.to <= to);
    if (fault === 'missing') return looked;
    // Read again only while it is open, or when it was written anew: else nothing says that it is sound now.
    const there = taken.pieces.some((piece) => piece.key === key);
    return looked && (!there || state === 'open');
  }

  private over(one: WalFinding): WalFinding {
    return { ...one, state: 'healed', since: this.now, note: undefined };
  }
}

function firstRound(now: Date): WalLedger['reading'] {
  return { began: now.toISOString(), timeline: 0, segment: '0', done: 0 };
}
