/** What a client asks of a procedure: the arguments of the workflows, checked by the CLI and small enough for any history. */
import type { BackupType } from './backup';

export type { VerifyRequest } from './verification/requests';

export interface BackupRequest {
  site: string;
  tier?: string;
  type: BackupType;
  /** Names of components; absent: all of the tier, or all of the site. */
  components?: string[];
  /** false: only `dir` stores are written. */
  upload: boolean;
  dryRun?: boolean;
}

export interface RestoreRequest {
  site: string;
  /** An id, or `latest`. */
  backup: string;
  /** The recovery target as typed: a time with its zone, an LSN, a restore point's name, a transaction id, or `end-of-backup`. */
  at?: string;
  /** Whether what happened exactly at the target is wanted. */
  inclusive: boolean;
  /** A timeline’s number, or `latest` (the highest); by default the one that is lived on, or another that reaches the target. */
  timeline?: string;
  /** Absent: in place. Absolute. */
  to?: string;
  components?: string[];
  /** Keep what is already right in the target, in place, instead of moving the old data aside. */
  delta: boolean;
  skipVerification: boolean;
  placeOnly: boolean;
  /** Leave the restored database running. */
  start: boolean;
  owner?: string;
  tablespaceMap?: Record<string, string>;
  dryRun?: boolean;
  /** Packs and WAL come from this store and from no other: what is to be proved is this copy. */
  onlyStore?: string;
  /** A test: PostgreSQL's own judges look at what is placed and at what is replayed. */
  prove?: boolean;
}

export interface PointRequest extends Omit<BackupRequest, 'type'> {
  tier: string;
  /** Milliseconds it may take. */
  timeout: number;
}

export interface ConsolidateRequest {
  site: string;
  /** A backup that builds upon others, or `latest`. */
  backup: string;
}

/** What the tiers of a site want moved down, and is old enough. */
export interface MoveRequest {
  site: string;
  dryRun?: boolean;
}

export interface ShippingRequest {
  site: string;
  component: string;
}

export const workflowQueue = 'holdfast';

export function siteQueue(site: string): string {
  return `holdfast-site-${site}`;
}

/** One shipper per database: the id is the single-flight lock. */
export function shippingWorkflowId(system: string, site: string, component: string): string {
  return `wal/${system}/${site}/${component}`;
}

/** One recovery point of a row at a time; backups of the site may run beside it. */
export function pointWorkflowId(system: string, site: string, tier: string): string {
  return `point/${system}/${site}/${tier}`;
}

/** One moving of a site at a time. */
export function moveWorkflowId(system: string, site: string): string {
  return `move/${system}/${site}`;
}

/** One backup of a site at a time, whoever starts it. */
export function backupWorkflowId(system: string, site: string): string {
  return `backup/${system}/${site}`;
}
