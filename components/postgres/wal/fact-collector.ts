/** Gathers what a recovery target needs from the records of a scan, in memory that does not grow with the WAL. */
import type { Lsn } from '../../../domain/lsn';
import type { RequestedTarget } from '../../../domain/recovery-target';
import type { RestorePoint, TablespaceCreation, TransactionEnd, WalFacts } from '../../../domain/wal-facts';
import type { RecordFact } from './record';
import { type RecordPlace, WalScanner } from './scan';

export interface Wanted {
  target: RequestedTarget;
  inclusive: boolean;
  /** The backup is consistent from here on: whatever the target, the WAL up to here is needed. */
  consistentAt: Lsn;
}

export class FactCollector {
  readonly scanner: WalScanner;
  private transactions = 0;
  private first?: TransactionEnd;
  private last?: TransactionEnd;
  private lastWithin?: TransactionEnd;
  private firstBeyond?: TransactionEnd;
  private found?: TransactionEnd;
  private readonly restorePoints: RestorePoint[] = [];
  private readonly tablespaces: TablespaceCreation[] = [];

  constructor(
    private readonly from: Lsn,
    private readonly wanted: Wanted,
  ) {
    this.scanner = new WalScanner(from, (fact, place) => this.note(fact, place));
  }

  /** Whether a replay to the target needs nothing beyond what was scanned. */
  get enough(): boolean {
    const last = this.scanner.last;
    return last !== undefined && last.end >= this.wanted.consistentAt && this.isPassed(last);
  }

  private isPassed(last: RecordPlace): boolean {
    const { target } = this.wanted;
    switch (target.kind) {
      case 'latest':
        return false;
      case 'end-of-backup':
        return true;
      case 'time':
        return this.firstBeyond !== undefined;
      case 'lsn':
        return last.start >= target.lsn;
      case 'name':
        return this.restorePoints.some((one) => one.name === target.name);
      case 'xid':
        return this.found !== undefined;
    }
  }

  facts(rest: Pick<WalFacts, 'storedTo' | 'hole'>): WalFacts {
    const { from, transactions, first, last, lastWithin, firstBeyond, found, restorePoints, tablespaces, enough } =
      this;
    const record = this.scanner.last;
    return {
      ...{
        from,
        end: record?.end,
        lastRecord: record?.start,
        transactions,
        first,
        last,
        lastWithin,
        firstBeyond,
        found,
      },
      ...{ restorePoints, tablespaces, enough },
      ...rest,
    };
  }

  private note(fact: RecordFact, place: RecordPlace): void {
    switch (fact.kind) {
      case 'restore-point':
        this.restorePoints.push({ name: fact.name, time: fact.time, ...place });
        return;
      case 'tablespace':
        // Replay stops before it comes to what lies behind its target.
        if (!this.enough) this.tablespaces.push({ oid: fact.oid, path: fact.path, start: place.start });
        return;
      default:
        this.noteEnd({ outcome: fact.kind, xid: fact.xid, time: fact.time, ...place });
    }
  }

  private noteEnd(end: TransactionEnd): void {
    const { target, inclusive } = this.wanted;
    this.transactions++;
    this.first ??= end;
    this.last = end;
    if (target.kind === 'xid' && target.xid === end.xid) this.found ??= end;
    if (target.kind !== 'time' || this.firstBeyond) return;
    // Commit times do not ascend strictly: what counts is the first record beyond the target, as it does for PostgreSQL.
    if (inclusive ? end.time > target.at : end.time >= target.at) this.firstBeyond = end;
    else this.lastWithin = end;
  }
}
