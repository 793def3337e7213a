/** What a procedure tells while it runs (query `progress`) and when it is over. Times are RFC 3339 UTC. */
import type { ErrorReport } from './errors';
import type { CopyEnd } from './replication/requests';
import type { LockedOnly } from './retention/unlock';

export type ProcedureState = 'starting' | 'in_progress' | 'completed' | 'failed' | 'aborted';

export interface ProgressStep {
  title: string;
  state: 'waiting' | 'running' | 'completed' | 'failed' | 'aborted' | 'undone';
  startedAt?: string;
  seconds?: number;
  /** It puts back what an earlier step changed. */
  undo?: boolean;
}

export interface Amount {
  bytes: number;
  packs: number;
}

/** Answer of the query `progress` of every procedure. */
export interface ProcedureProgress {
  procedure: string;
  state: ProcedureState;
  /** Title of the step that runs now. */
  step?: string;
  steps: ProgressStep[];
  done: Amount;
  total: Amount;
  bytesPerSecond?: number;
  etaSeconds?: number;
  warnings: string[];
  backupId?: string;
  /** What the operator should know or do now. */
  message?: string;
}

/** Result of every procedure's workflow, and its JSON. */
export interface ProcedureResult {
  procedure: string;
  workflowId: string;
  status: 'completed' | 'failed' | 'aborted';
  backupId?: string;
  startedAt: string;
  endedAt: string;
  seconds: number;
  bytes?: number;
  storedBytes?: number;
  /** WAL that a restore fetched and replayed. */
  walBytes?: number;
  /** The latest instant the procedure's outcome can be restored to, or was restored to. */
  recoveryPoint?: string;
  /** Store key of the receipt; null when it could not be written. */
  receipt: string | null;
  warnings: string[];
  error?: ErrorReport;
  /** What only one procedure tells: port of a restored server, plan of a dry run … */
  details?: Record<string, unknown>;
  /** What a restore made: where each component lies, and how to reach a database that was left running. */
  restored?: RestoredComponent[];
  /** How the copy in each store ended. */
  copies?: CopyEnd[];
  /** What retention did in each store. */
  retained?: RetainedInStore[];
}

/** Counts of backups. */
export interface RetainedInStore {
  store: string;
  keep: number;
  /** Of a colder class, or of another store: they stay until they are there. */
  move: number;
  expired: number;
  removed: number;
  /** Of those that are kept: what goes by itself when its lock ends. */
  locked?: LockedOnly;
  /** What this run archived: no rule keeps it any more, and it may not be deleted. Absent where nothing is archived, as the next. */
  archived?: number;
  /** All that is archived there, of those that are kept. */
  inArchive?: number;
}

export interface RestoredComponent {
  component: string;
  path: string;
  /** The backup it was taken from, where that is another than the one that was chosen. */
  backupId?: string;
  socket?: string;
  port?: number;
}

export const progressQuery = 'progress';
