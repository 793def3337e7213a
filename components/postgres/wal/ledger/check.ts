/** One check of one archive: stock, reading, healing, and the ledger written anew. */
import { type Interval, overlap, without } from '../../../../domain/intervals';
import type { Lsn } from '../../../../domain/lsn';
import { earlierFinding, isTrouble, type WalFinding } from '../../../../domain/wal-ledger';
import type { WalArchive } from '../../../../repository/wal/archive';
import type { WalLedger } from '../../../../repository/wal/ledger';
import { healHistory, healStretch, type Mended, type Sources, stillOpen } from './heal';
import { readDue, readSuspects, type Spoilt } from './reread';
import { dropFromStock, findMissing, type Settled, type Stock, takeStock } from './stock';
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
  const looking = { archive, before, windows, path: server?.look.path ?? [], settled };
  const stock = await takeStock(looking);
  const spoilt = await readSuspects(archive, stock, { before, settled, flushed: server?.look.flushed });
  const due = await readDue(archive, before?.reading ?? firstRound(now), stock, { now, ...options });
  const aside = await setStrangersAside(options, stock, [...spoilt, ...due.spoilt]);
  if (!(await findMissing(stock, looking))) return undefined;

  const book = new Book(options, stock, now.toISOString());
  for (const found of [...stock.found, ...aside]) await book.told(found);
  for (const one of [...spoilt, ...due.spoilt]) await book.altered(one);
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

/** What is not ours, or is no WAL and stands where nothing was: it is moved away before anybody takes it for what is missing. */
async function setStrangersAside({ archive, before }: CheckOptions, stock: Stock, spoilt: Spoilt[]): Promise<Told[]> {
  const told: Told[] = [];
  for (const { piece, stretch, verdict } of spoilt) {
    const { timeline, key } = piece;
    const place = wasHeld(before, timeline, stretch) ? 'ours' : 'nobody’s';
    if (verdict !== 'foreign' && place === 'ours') continue;
    const folder = await archive.setAside(key);
    dropFromStock(stock, piece, stretch, { segmentSize: archive.segmentSize, place });
    told.push({ fault: verdict, state: 'set aside', timeline, stretch, key, note: folder });
  }
  return told;
}

function wasHeld(before: WalLedger | undefined, timeline: number, stretch: Interval<Lsn>): boolean {
  if (!before) return true;
  const held = before.timelines.find((one) => one.timeline === timeline)?.held ?? [];
  return held.some(({ from, to }) => from <= stretch.from && stretch.to <= to);
}

type Told = Omit<WalFinding, 'foundAt' | 'since'>;

/** The findings of one check, each with what is known of it from before. */
class Book {
  private readonly entries: WalFinding[] = [];
  private readonly earlier: WalFinding[];

  constructor(
    private readonly options: CheckOptions,
    private readonly stock: Stock,
    private readonly now: string,
  ) {
    // Of what retention let go nothing is told any more: it was not put back, and nobody misses it.
    this.earlier = (options.before?.findings ?? []).filter(
      ({ timeline, stretch }) => !stretch || without([stretch], stock.removed.get(timeline) ?? []).length > 0,
    );
  }

  /** A history that is missing, and what was set aside. */
  async told(told: Told): Promise<void> {
    const { fault, state, timeline, note } = told;
    const before = this.earlier.find((one) => one.fault === fault && one.timeline === timeline && isTrouble(one));
    const mend = () => healHistory(this.options.archive, timeline, this.options.sources);
    this.enter(told, before, state === 'open' ? await this.mended(before, mend) : { state, note });
  }

  async altered({ piece, stretch }: Spoilt): Promise<void> {
    const { archive, sources } = this.options;
    const { timeline, key } = piece;
    if (this.entries.some((one) => one.key === key)) return; // set aside, or due in the round and suspect as well
    const before = this.earlier.find((one) => one.key === key && isTrouble(one));
    const mend = () => healStretch(archive, timeline, stretch, sources, key);
    this.enter({ fault: 'altered', timeline, stretch, key }, before, await this.mended(before, mend));
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

  private enter(
    { fault, timeline, stretch, key }: Pick<WalFinding, 'fault' | 'timeline' | 'stretch' | 'key'>,
    before: WalFinding | undefined,
    { state, note }: Mended,
  ): void {
    const since = before?.state === state ? before.since : this.now;
    this.entries.push({ fault, timeline, stretch, key, state, note, foundAt: before?.foundAt ?? this.now, since });
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
