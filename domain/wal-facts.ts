/** What a scan of the WAL behind a backup found: all that is needed to decide whether, and how, a recovery target is reached. */
import type { Micros } from './instant';
import type { Lsn } from './lsn';

/** The end of a transaction. */
export interface TransactionEnd {
  outcome: 'commit' | 'abort';
  xid: number;
  time: Micros;
  /** Its record: [start, end). */
  start: Lsn;
  end: Lsn;
}

export interface RestorePoint {
  name: string;
  time: Micros;
  start: Lsn;
  end: Lsn;
}

/** A tablespace made by replay at its original path. */
export interface TablespaceCreation {
  oid: number;
  path: string;
  start: Lsn;
}

/** WAL that is not stored although later WAL is. */
export interface WalHole {
  timeline: number;
  /** The first segment that is missing or incomplete. */
  segment: string;
  from: Lsn;
  /** Retention let it go: nothing is wrong with what is stored. */
  removed?: boolean;
}

export interface WalFacts {
  /** Where the scan began. */
  from: Lsn;
  /** How far WAL is stored without a hole, as far as the scan looked: a record may be cut off there. */
  storedTo: Lsn;
  /** End of the last complete record, and its start. Absent when there was none. */
  end?: Lsn;
  lastRecord?: Lsn;
  transactions: number;
  first?: TransactionEnd;
  last?: TransactionEnd;
  /** Only with a target time: the last end of a transaction before the first that lies beyond the target, and that first one. */
  lastWithin?: TransactionEnd;
  firstBeyond?: TransactionEnd;
  /** Only with a target transaction: its end. */
  found?: TransactionEnd;
  restorePoints: RestorePoint[];
  tablespaces: TablespaceCreation[];
  /** The scan ended here for want of WAL, with more behind it. */
  hole?: WalHole;
  /** The scan ended since it had seen enough, not for want of WAL. */
  enough: boolean;
}
