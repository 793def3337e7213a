/**
 * The WAL archive of one database system in one store.
 *
 * Guaranteed: what a method stored is stored before it returns; a name never changes its bytes (`wal_conflict`), except the
 * coverage mark; under a full segment's name lies a full segment; extents come from names alone, so that they cannot disagree
 * with what is there. Every object is compressed and sealed; only positions, sizes, the version and the segment size are in clear.
 * Where a writer is named, it is the only one of its component: an older one ends with `fenced` (`fence.ts`).
 * Not guaranteed: that a store keeps what it acknowledged, and anything about WAL that never reached this process.
 */
import { HoldfastError } from '../../domain/errors';
import { holes, type Interval } from '../../domain/intervals';
import { historyName, type Lsn, segmentOf, timelineHex } from '../../domain/lsn';
import { parseHistory, type TimelineStretch } from '../../domain/timeline';
import type { Store } from '../store';
import { announceTimeline } from './announced';
import type { Writer } from './claims';
import { Fence } from './fence';
import { FencedStore } from './fenced-store';
import type { LedgerPlace } from './ledger';
import { type ListedPiece, listPieces, listTimelines, storedIntervals } from './listing';
import {
  type ArchiveMarker,
  agreeOnMarker,
  type Coverage,
  opaque,
  readCoverage,
  readMarker,
  type WalOwner,
  writeCoverage,
  writeOwner,
} from './marks';
import { type StoredPiece, WalNames, WriterNames } from './names';
import type { WalObjects } from './objects';
import { getIfThere, putOnce } from './put-once';
import { finishQuarantines, listQuarantines, type Quarantined, quarantineFrom, setAsideOne } from './quarantine';
import { isWithin, type RemovedWal, recordBack, removedWal } from './removed';
import { completeSegment, type FetchedSegment, fetchSegment, putSegment, readPiece, type WalPlace } from './segments';
import { type CommitSwitch, readSwitches, writeSwitch } from './switches';

export interface TimelineExtents {
  timeline: number;
  /** What is stored without a hole, ascending. */
  intervals: Interval<Lsn>[];
  gaps: Interval<Lsn>[];
  coverage?: Coverage;
}

export interface WalExtents extends ArchiveMarker {
  timelines: TimelineExtents[];
  quarantined: Quarantined[];
}

export class WalArchive {
  readonly names: WalNames;
  private readonly place: WalPlace;

  private constructor(
    readonly store: Store,
    private readonly objects: WalObjects,
    readonly marker: ArchiveMarker,
    private readonly fence?: Fence,
    /** Opaque name of the component that writes; absent for readers. */
    readonly writes?: string,
    /** What readers pass by: it was let go, whether its objects are gone already or not. */
    private readonly hidden: RemovedWal = new Map(),
  ) {
    this.names = new WalNames(marker.systemIdentifier, marker.segmentSize);
    this.place = { store, objects, names: this.names };
  }

  /** For reading: undefined when the store holds no WAL of that system. */
  static async open(objects: WalObjects, store: Store, systemIdentifier: string): Promise<WalArchive | undefined> {
    const marker = await readMarker(store, systemIdentifier);
    if (!marker) return undefined;
    const hidden = await new WalArchive(store, objects, marker).removed({ announced: true });
    return new WalArchive(store, objects, marker, undefined, undefined, hidden);
  }

  /**
   * For writing: begins the archive, or joins the one there. A `writer` takes it from whoever wrote for this owner before.
   * @throws HoldfastError `wrong_version`, `wal_conflict`, `fenced`
   */
  static async begin(
    objects: WalObjects,
    store: Store,
    marker: Omit<ArchiveMarker, 'format'>,
    owner?: WalOwner,
    writer?: Writer,
  ): Promise<WalArchive> {
    const whole: ArchiveMarker = { format: 1, ...marker };
    await agreeOnMarker(store, whole);
    if (owner) await writeOwner(store, objects, marker.systemIdentifier, owner);
    const writes = owner && opaque(objects, owner);
    const names = writes === undefined ? undefined : new WriterNames(marker.systemIdentifier, writes);
    const fence = names && writer && (await Fence.take(store, objects, names, writer));
    const archive = new WalArchive(fence ? new FencedStore(store, fence) : store, objects, whole, fence, writes);
    await finishQuarantines(archive.place);
    return archive;
  }

  /** @throws HoldfastError `fenced` when another has begun to write for the same owner */
  async assertWriter(): Promise<void> {
    await this.fence?.assertHeld(true);
  }

  /** Whether its writer took over from one that may be alive and not know. */
  get replacesWriter(): boolean {
    return this.fence?.replaces ?? false;
  }

  /** An orderly end of writing: the next writer need not wait. */
  async endWriting(): Promise<void> {
    await this.fence?.release();
  }

  /** Says that the writer is on a timeline, before anything of it is stored. */
  async announce(timeline: number): Promise<void> {
    if (this.writes !== undefined) await announceTimeline(this.ledgerPlace, this.writes, timeline);
  }

  /** Where the ledger's own objects are (`ledger.ts`). */
  get ledgerPlace(): LedgerPlace {
    return { store: this.store, objects: this.objects, systemIdentifier: this.systemIdentifier };
  }

  get systemIdentifier(): string {
    return this.marker.systemIdentifier;
  }

  get segmentSize(): number {
    return this.marker.segmentSize;
  }

  /** Bytes from `from` on, all in one segment. @throws HoldfastError `wal_conflict` */
  async putPart(timeline: number, from: Lsn, bytes: Uint8Array): Promise<void> {
    const segment = segmentOf(from, this.segmentSize);
    const offset = Number(from % BigInt(this.segmentSize));
    const end = offset + bytes.length;
    if (bytes.length === 0 || end > this.segmentSize) {
      throw new HoldfastError('internal', 'a part must lie within one segment');
    }
    await putOnce(this.store, this.objects, this.names.part(timeline, segment, offset, end), bytes);
  }

  /** A whole segment of which no part was stored. @throws HoldfastError `wal_conflict` */
  async putSegment(timeline: number, segment: bigint, bytes: Uint8Array): Promise<void> {
    await putSegment(this.place, timeline, segment, bytes);
  }

  /** A whole segment in place of its parts: stored, read back, and only then are the parts deleted. */
  async completeSegment(timeline: number, segment: bigint, bytes: Uint8Array): Promise<void> {
    await completeSegment(this.place, timeline, segment, bytes);
  }

  /** From the whole object or from parts, padded with zeros; undefined when nothing of its beginning is stored. */
  async fetchSegment(timeline: number, segment: bigint): Promise<FetchedSegment | undefined> {
    if (isWithin(segment, this.segmentSize, this.hidden.get(timeline))) return undefined;
    return await fetchSegment(this.place, timeline, segment);
  }

  async putHistory(timeline: number, text: Uint8Array): Promise<void> {
    await putOnce(this.store, this.objects, this.names.history(timeline), text);
  }

  /** A `.backup` file of the server's archiver. Nothing of ours asks for it. */
  async putLabel(timeline: number, name: string, text: Uint8Array): Promise<void> {
    await putOnce(this.store, this.objects, this.names.label(timeline, name), text);
  }

  async readHistory(timeline: number): Promise<Buffer | undefined> {
    const key = this.names.history(timeline);
    const sealed = await getIfThere(this.store, key);
    return sealed && (await this.objects.open(sealed, key));
  }

  /** The way from the first timeline to this one. @throws HoldfastError `timeline_unreachable` without its history */
  async timelinePath(timeline: number): Promise<TimelineStretch[]> {
    if (timeline === 1) return [{ timeline, from: 0n }];
    const history = await this.readHistory(timeline);
    if (history) return parseHistory(timeline, history.toString('utf8'));
    throw new HoldfastError('timeline_unreachable', `the history of timeline ${timeline} is not stored`, {
      where: `${this.store.name}:${timelineHex(timeline)}`,
    });
  }

  async writeCoverage(timeline: number, coverage: Omit<Coverage, 'writtenAt'>): Promise<void> {
    await writeCoverage(this.store, this.objects, this.names, timeline, coverage);
  }

  async readCoverage(timeline: number): Promise<Coverage | undefined> {
    return await readCoverage(this.store, this.objects, this.names, timeline);
  }

  async writeSwitch(timeline: number, one: CommitSwitch): Promise<void> {
    await writeSwitch(this.store, this.objects, this.names, timeline, one);
  }

  /** The newest switches of all timelines, oldest first. */
  async readSwitches(most = 20): Promise<CommitSwitch[]> {
    const timelines = await this.timelines();
    const found = await Promise.all(
      timelines.map((one) => readSwitches(this.store, this.objects, this.names, one, most)),
    );
    return found
      .flat()
      .sort((one, other) => (one.at < other.at ? -1 : 1))
      .slice(-most);
  }

  /** The mark of the newest timeline on the way that has one. */
  async coverageOf(path: TimelineStretch[]): Promise<Coverage | undefined> {
    for (const { timeline } of path.toReversed()) {
      const coverage = await this.readCoverage(timeline);
      if (coverage) return coverage;
    }
    return undefined;
  }

  /** Every stored history file by name: a server asks for them to find a timeline that is free. */
  async histories(): Promise<Map<string, Buffer>> {
    const found = new Map<string, Buffer>();
    for (const timeline of await this.timelines()) {
      const text = await this.readHistory(timeline);
      if (text) found.set(historyName(timeline), text);
    }
    return found;
  }

  async timelines(): Promise<number[]> {
    return await listTimelines(this.store, this.systemIdentifier);
  }

  async hasHistory(timeline: number): Promise<boolean> {
    return (await this.store.head(this.names.history(timeline))) !== undefined;
  }

  /** Everything stored of a timeline from a segment on, or up to another, by name. */
  async pieces(timeline: number, fromSegment?: bigint, toSegment?: bigint): Promise<ListedPiece[]> {
    const pieces = await listPieces(this.store, this.names, timeline, fromSegment, toSegment);
    const hidden = this.hidden.get(timeline);
    return hidden ? pieces.filter(({ segment }) => !isWithin(segment, this.segmentSize, hidden)) : pieces;
  }

  /** One stored object, proven to be what its name says; undefined when it is gone. @throws HoldfastError `checksum_mismatch` */
  async readPiece(piece: StoredPiece): Promise<Buffer | undefined> {
    return await readPiece(this.place, piece);
  }

  /** What is stored of a timeline from a segment on: merged and ascending. */
  async intervals(timeline: number, fromSegment?: bigint): Promise<Interval<Lsn>[]> {
    return storedIntervals(await this.pieces(timeline, fromSegment), this.segmentSize);
  }

  async extents(): Promise<WalExtents> {
    const timelines: TimelineExtents[] = [];
    for (const timeline of await this.timelines()) {
      const intervals = await this.intervals(timeline);
      const coverage = await this.readCoverage(timeline);
      timelines.push({ timeline, intervals, gaps: holes(intervals), coverage });
    }
    return { ...this.marker, timelines, quarantined: await listQuarantines(this.place) };
  }

  /** What retention let go, as of now; or also what a removal that is under way means to. */
  async removed(options: { announced?: boolean } = {}): Promise<RemovedWal> {
    const place = { ...this.ledgerPlace, segmentSize: this.segmentSize };
    return await removedWal(place, () => this.quarantines(), options);
  }

  /** Whole segments that retention had let go and that are stored here again. */
  async countAgain(timeline: number, stretches: Interval<Lsn>[]): Promise<void> {
    await recordBack(this.ledgerPlace, timeline, stretches);
  }

  /** Whether a reader finds nothing there because retention let it go. */
  isHidden(timeline: number, lsn: Lsn): boolean {
    return isWithin(segmentOf(lsn, this.segmentSize), this.segmentSize, this.hidden.get(timeline));
  }

  /** What was set aside so far. */
  async quarantines(): Promise<Quarantined[]> {
    return await listQuarantines(this.place);
  }

  /** Sets aside what a rewound server contradicts: everything from the segment of `from` on. */
  async quarantineFrom(timeline: number, from: Lsn, reason: string): Promise<Quarantined> {
    return await quarantineFrom(this.place, timeline, from, reason);
  }

  /** Sets aside a timeline that is none of ours, its history too. */
  async quarantineTimeline(timeline: number, reason: string): Promise<Quarantined> {
    return await quarantineFrom(this.place, timeline, 0n, reason, true);
  }

  /** Sets one object aside. Returns the folder where it is now. */
  async setAside(key: string): Promise<string> {
    return await setAsideOne(this.place, key);
  }
}
