/** What is asked of retention, and what its steps hand on: counts only, since the plan itself lies in the stores. */
import type { Addressed } from '../notifications/notice';
import type { LockedOnly, Unlock } from './unlock';

export interface RetentionRequest {
  site: string;
  /** Stands instead of the days, weeks, months and years that tiers say, for this run; milliseconds. */
  age?: number;
}

export interface RetentionJob {
  request: RetentionRequest;
  /** Marks the plan in the stores. */
  run: string;
  stores: PlannedCounts[];
  warnings: string[];
  /** Of all stores: when the next goes that was locked; absent: nothing waits for that. */
  unlock?: Unlock;
  /** Who is to be told what else was seen. */
  notices?: Addressed[];
}

export interface PlannedCounts {
  store: string;
  keep: number;
  expire: number;
  remove: number;
  move: number;
  /** Database systems whose WAL can be told to be needed or not. */
  systems: number;
  /** Of those that are kept: what goes when its lock ends. */
  locked?: LockedOnly;
  /** Of those that are kept: what is archived. Absent where nothing is, as the next. */
  inArchive?: number;
  /** Whose marks change. */
  archive?: number;
}

/** One stage in one store. */
export interface RetentionPart {
  job: RetentionJob;
  store: string;
}

export interface StageDone {
  count: number;
  /** What was to go and did not, a few of them. */
  left: string[];
  /** Who is to be told what of it; absent: nobody, or answered by a version before anybody was. */
  notices?: Addressed[];
}

/** One at a time for a site, whoever starts it. */
export function retentionWorkflowId(system: string, site: string): string {
  return `retention/${system}/${site}`;
}

/** What the timer of a site waits for. */
export interface UnlockRequest {
  site: string;
  next: AwaitedUnlock;
  /** Runs of retention, one after the other, that could not do what was due. */
  failures?: number;
}

export interface AwaitedUnlock extends Omit<Unlock, 'inMs'> {
  /** By the engine's clock, milliseconds. */
  due: number;
}

/** One timer for a site. */
export function unlockWorkflowId(system: string, site: string): string {
  return `unlock/${system}/${site}`;
}
