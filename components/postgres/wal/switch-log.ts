/**
 * Records in every store's archive when commits began or ceased to wait. What is recorded holds already: a store that is down when
 * commits are let go because of it gets the record when it is back, or from the next receiver, which compares what holds with what was
 * recorded last.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { WalArchive } from '../../../repository/wal/archive';
import type { CommitSwitch } from '../../../repository/wal/switches';
import { untilDone } from './lanes';

interface Book {
  timeline: number;
  signal: AbortSignal;
  /** Records are written one after the other. */
  writing: Promise<void>;
}

/** Records that a store gets late are few: what is older has been told elsewhere. */
const mostKept = 20;
const farewellMs = 2000;

export class SwitchLog {
  private readonly books = new Map<WalArchive, Book>();
  private recorded: CommitSwitch[] = [];
  private pending: CommitSwitch[] = [];
  private last?: CommitSwitch;

  /** Returns what holds since when: an earlier record, when it says the same. */
  note(one: CommitSwitch): CommitSwitch {
    if (this.books.size === 0) this.pending.push(one);
    else this.record(one);
    return this.books.size === 0 ? one : (this.last ?? one);
  }

  /** A store whose archive can be written. Returns what was recorded last. */
  async join(archive: WalArchive, timeline: number, signal: AbortSignal): Promise<CommitSwitch | undefined> {
    const known = this.books.get(archive);
    const [newest] = known ? [] : await archive.readSwitches(1);
    if (newest && (!this.last || newest.at > this.last.at)) this.last = newest;
    const book = { timeline, signal, writing: known?.writing ?? Promise.resolve() };
    this.books.set(archive, book);
    for (const one of this.recorded) this.write(archive, book, one);
    for (const one of this.pending.splice(0)) this.record(one);
    return this.last;
  }

  /** Waits for what is being written, and not for ever for a store that is down. */
  async settled(): Promise<void> {
    const written = Promise.all([...this.books.values()].map(({ writing }) => writing));
    await Promise.race([written, sleep(farewellMs, undefined, { ref: false })]);
  }

  private record(one: CommitSwitch): void {
    if (this.last?.commits === one.commits && this.last.mode === one.mode) return;
    this.last = one;
    this.recorded = [...this.recorded, one].slice(-mostKept);
    for (const [archive, book] of this.books) this.write(archive, book, one);
  }

  private write(archive: WalArchive, book: Book, one: CommitSwitch): void {
    const { signal, timeline } = book;
    const work = () => archive.writeSwitch(timeline, one);
    const persist = { signal, isFatal: () => false, onFailure: () => undefined };
    book.writing = book.writing.then(() => untilDone(work, persist)).catch(() => undefined);
  }
}
