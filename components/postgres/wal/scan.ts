/**
 * Walks WAL record by record without a server (PostgreSQL 15 to 18: `access/xlog_internal.h`, `access/xlogrecord.h`).
 *
 * Guaranteed: it starts anywhere a segment starts (also in the middle of a record), follows records over pages and segments,
 * and stops where the WAL stops: at zeros, at a page or record that does not belong to its place, at the end of what is stored.
 * Records are skipped by their length and checked by their link to the one before; only those that are read get their checksum
 * verified. That is what makes it faster than any disk of WAL, and why it is no proof that replay succeeds.
 */
import { type Lsn, segmentStart } from '../../../domain/lsn';
import { isIntact, isSwitch, isTelling, type RecordFact, readRecord, recordHead } from './record';

export const pageBytes = 8192;
const maxRecord = 1020 * 1024 * 1024;

const continued = 0x01;
const longHeader = 0x02;
const overwritten = 0x08;

export interface RecordPlace {
  start: Lsn;
  /** Where the next record begins. */
  end: Lsn;
}

/** A record that goes on behind its page. */
interface Pending {
  start: Lsn;
  need: number;
  /** What has been gathered; undefined for the tail of a record whose beginning we never saw. */
  gathered?: Buffer[];
}

type Outcome = 'next page' | 'next segment' | 'end';

export class WalScanner {
  records = 0;
  private magic?: number;
  private pending?: Pending;
  private ended = false;
  // The segment under the scanner: its bytes, the same as 32-bit words, its first position, how much of it is real.
  private bytes: Buffer = Buffer.alloc(0);
  private words: Uint32Array = new Uint32Array();
  private base: Lsn = 0n;
  private limit = 0;
  // The last complete record, relative to `base` (its start may lie before it).
  private found = false;
  private lastAt = 0;
  private endAt = 0;
  // Its position in two halves, as the next record's link has it; -1: not known yet.
  private linkHigh = -1;
  private linkLow = -1;

  /** Records that start before `from` are passed over in silence. */
  constructor(
    private readonly from: Lsn,
    private readonly onFact: (fact: RecordFact, place: RecordPlace) => void,
  ) {}

  /** The last complete record; undefined before the first. */
  get last(): RecordPlace | undefined {
    if (!this.found) return undefined;
    return { start: this.base + BigInt(this.lastAt), end: this.base + BigInt(this.endAt) };
  }

  /** Takes the next segment; `storedTo` bounds what of it is real. Returns false when the valid WAL has ended. */
  push(segment: bigint, bytes: Buffer, storedTo = bytes.length): boolean {
    if (this.ended) return false;
    const base = segmentStart(segment, bytes.length);
    const moved = Number(base - this.base);
    this.lastAt -= moved;
    this.endAt -= moved;
    this.base = base;
    this.bytes = bytes;
    this.words = wordsOf(bytes);
    this.limit = storedTo;
    this.ended = this.segment() === 'end' || storedTo < bytes.length;
    return !this.ended;
  }

  private segment(): Outcome {
    for (let page = 0; page < this.limit; page += pageBytes) {
      const outcome = this.page(page);
      if (outcome !== 'next page') return outcome;
    }
    return 'next segment';
  }

  private page(page: number): Outcome {
    if (page + 40 > this.limit || !this.isPage(page)) return 'end';
    const info = this.bytes.readUInt16LE(page + 2);
    const remaining = this.words[(page + 16) >> 2] as number;
    let at = page + (info & longHeader ? 40 : 24);
    if (info & overwritten) {
      // The server crashed while it wrote the record, and said so here instead of finishing it.
      this.pending = undefined;
      this.linkHigh = -1;
    }
    if (info & continued && this.pending === undefined) {
      if (this.found) return 'end';
      this.pending = { start: 0n, need: remaining };
    }
    if (this.pending) {
      if (!(info & continued) || remaining !== this.pending.need) return 'end';
      const taken = Math.min(remaining, page + pageBytes - at);
      if (at + taken > this.limit) return 'end';
      this.gather(this.pending, at, taken);
      if (this.pending.need > 0) return 'next page';
      at = align(at + taken);
      const outcome = this.finish(this.pending, at);
      this.pending = undefined;
      if (outcome !== 'next page') return outcome;
    }
    return this.recordsFrom(at, page + pageBytes);
  }

  private isPage(page: number): boolean {
    const magic = this.bytes.readUInt16LE(page);
    this.magic ??= magic;
    return (
      magic === this.magic && magic >> 8 === 0xd1 && this.bytes.readBigUInt64LE(page + 8) === this.base + BigInt(page)
    );
  }

  /** The tight loop: one turn a record, 32-bit integers only. */
  private recordsFrom(first: number, pageEnd: number): Outcome {
    const { words, limit } = this;
    const high = Number(this.base >> 32n);
    const low = Number(this.base & 0xffffffffn);
    for (let at = first; at < pageEnd; ) {
      if (at + 4 > limit) return 'end';
      const word = at >> 2;
      const length = words[word] as number;
      if (length < recordHead || length > maxRecord) return 'end';
      if (at + length > pageEnd) return this.begin(at, length, pageEnd);
      if (at + length > limit || !this.isLinked(words[word + 2] as number, words[word + 3] as number)) return 'end';
      const kind = words[word + 4] as number;
      const next = align(at + length);
      if (isTelling(kind) && !this.tell(this.bytes.subarray(at, at + length), this.base + BigInt(at), next))
        return 'end';
      this.records++;
      this.linkHigh = high;
      this.linkLow = low + at;
      this.found = true;
      this.lastAt = at;
      this.endAt = next;
      if (isSwitch(kind)) return this.skipRest();
      at = next;
    }
    return 'next page';
  }

  /** Each record names the start of the one before: what a recycled segment left behind does not fit. */
  private isLinked(low: number, high: number): boolean {
    return this.linkHigh < 0 || (low === this.linkLow && high === this.linkHigh);
  }

  private begin(at: number, length: number, pageEnd: number): Outcome {
    if (pageEnd > this.limit) return 'end';
    this.pending = { start: this.base + BigInt(at), need: length, gathered: [] };
    this.gather(this.pending, at, pageEnd - at);
    return 'next page';
  }

  /** Keeps the head of a record, and all of it only when it is one we read: full-page images need not be copied. */
  private gather(pending: Pending, at: number, taken: number): void {
    pending.need -= taken;
    if (!pending.gathered) return;
    const have = pending.gathered.reduce((sum, piece) => sum + piece.length, 0);
    const wanted = have < recordHead || isTelling(Buffer.concat(pending.gathered).readUInt32LE(16));
    if (wanted) pending.gathered.push(Buffer.from(this.bytes.subarray(at, at + taken)));
  }

  private finish(pending: Pending, next: number): Outcome {
    if (!pending.gathered) return 'next page';
    const record = Buffer.concat(pending.gathered);
    if (!this.isLinked(record.readUInt32LE(8), record.readUInt32LE(12))) return 'end';
    const kind = record.readUInt32LE(16);
    if (isTelling(kind) && !this.tell(record, pending.start, next)) return 'end';
    this.records++;
    this.linkHigh = Number(pending.start >> 32n);
    this.linkLow = Number(pending.start & 0xffffffffn);
    this.found = true;
    this.lastAt = Number(pending.start - this.base);
    this.endAt = next;
    return isSwitch(kind) ? this.skipRest() : 'next page';
  }

  private skipRest(): Outcome {
    this.endAt = this.bytes.length;
    return 'next segment';
  }

  private tell(record: Buffer, start: Lsn, next: number): boolean {
    if (start < this.from) return true;
    if (!isIntact(record)) return false;
    const fact = readRecord(record, this.magic ?? 0);
    if (fact) this.onFact(fact, { start, end: this.base + BigInt(next) });
    return true;
  }
}

/** Records begin at multiples of 8. */
function align(at: number): number {
  return (at + 7) & ~7;
}

function wordsOf(bytes: Buffer): Uint32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : Buffer.from(new Uint8Array(bytes));
  return new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length >> 2);
}
