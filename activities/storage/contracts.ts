/** What activities over locks, classes and thaws take and give. */
import type { LockMode } from '../../domain/backup';
import type { DueMove } from '../../domain/moves';
import type { MoveRequest } from '../../domain/requests';
import type { DueCopy } from '../../domain/retention/due-moves';
import type { PackWork, RunOutcome } from '../../domain/runs';
import type { RestoreJob } from '../contracts';

/** A sealed backup that is to be locked in a store, with everything it builds upon. */
export interface LockOrder {
  site: string;
  backupId: string;
  store: string;
  mode: LockMode;
  /** Milliseconds from now on. */
  for: number;
}

/** Fixed once, so that every object gets the same end. */
export interface LockPlan {
  site: string;
  store: string;
  mode: LockMode;
  /** RFC 3339, by the store's clock. */
  until: string;
}

/** One backup of the chain. */
export interface LockPart extends LockPlan {
  backupId: string;
  /** The one that is made: its WAL is locked too, and its head says so only when it is published. */
  own: boolean;
}

export type LockRunWork = Extract<PackWork, { kind: 'lock' }> & { run: number };

/** One backup whose packs a restore needs from an archive. */
export interface ThawPart {
  job: RestoreJob;
  /** Packs up to this key were asked for, or are ready. */
  after?: string;
}

export interface ThawProgress {
  packs: number;
  /** Where the next call goes on; absent: all of them. */
  after?: string;
  /** The next one is not ready. */
  waiting?: boolean;
}

/** That a restore has to wait for an archive, and what for. */
export interface ThawNeed {
  store: string;
  storageClass: string;
  tier: string;
  /** Milliseconds it takes by the service's own word. */
  ms: number;
  /** Milliseconds until the restore gives up. */
  wait: number;
}

/** Packs of a backup in a store, into another class. */
export interface MoveOrder extends DueMove {
  site: string;
  store: string;
}

/** A backup that had moved to another store, whose copy is there no more: it is offered again where it came from. */
export interface AgainOrder {
  site: string;
  backupId: string;
  store: string;
}

export interface MovePlan {
  /** Absent, as the next two, in runs from before backups moved between stores. */
  system?: string;
  moves: MoveOrder[];
  /** To other stores. */
  copies?: DueCopy[];
  again?: Omit<AgainOrder, 'site'>[];
  /** Due, and left for the next run. */
  later: number;
}

export interface StorageActivities {
  planLock(order: LockOrder): Promise<LockPlan>;
  lockedParts(part: LockPart): Promise<{ components: { name: string; runs: number }[] }>;
  lockRun(work: LockRunWork): Promise<RunOutcome>;
  lockRest(part: LockPart): Promise<{ warnings: string[] }>;
  planMoves(request: MoveRequest): Promise<MovePlan>;
  moveClass(order: MoveOrder): Promise<boolean>;
  /** False: it is being removed, or is offered already. */
  offerAgain(order: AgainOrder): Promise<boolean>;
  askThaw(job: RestoreJob): Promise<{ packs: number }>;
  /** How far in order what was asked for is ready. */
  thawed(part: ThawPart): Promise<ThawProgress>;
}
