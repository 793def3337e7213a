/**
 * What is asked about the worth of backups, how it is chosen and judged: pure. Guaranteed: the same seed chooses the same sample. Not
 * guaranteed: that what a proof said yesterday is still so; that is why proofs grow stale.
 */
import type { ProofLevel } from '../backup';

export interface VerifyRequest {
  site: string;
  /** An id, or `latest`. */
  backup: string;
  level: ProofLevel;
  /** The copy in this store alone, with the WAL of this store alone; absent: the first copy there is. */
  store?: string;
  /** Damage is put right from another copy, and looked at again; absent: as the policy says. */
  repair?: boolean;
  /** Says what it would cost, and reads nothing else. */
  dryRun?: boolean;
  /** Of a test restore: an absolute directory for its scratch; absent: the configured one. */
  restorePath?: string;
}

/** The worst first: each shows another way in which a restore is needed. */
export const scenarios = [
  'data_corruption',
  'partial_recovery',
  'full_recovery',
  'cross_site_recovery',
  'point_in_time_recovery',
] as const;
export type Scenario = (typeof scenarios)[number];

export interface RecoveryTestRequest {
  site: string;
  scenarios: Scenario[];
  /** An id, or `latest`. */
  backup: string;
  restorePath?: string;
}

export interface ScenarioRequest extends Omit<RecoveryTestRequest, 'scenarios'> {
  scenario: Scenario;
}

export interface SampleRequest {
  site: string;
}

/** One test restore of a site at a time: each takes the room of a whole copy. */
export function testRestoreWorkflowId(system: string, site: string): string {
  return `test-restore/${system}/${site}`;
}

export function recoveryTestWorkflowId(system: string, site: string): string {
  return `recovery-test/${system}/${site}`;
}

export function sampleWorkflowId(system: string, site: string): string {
  return `verify-sample/${system}/${site}`;
}

/** `latest` is another backup at each site, and each copy is verified on its own. */
export function verifyWorkflowId(system: string, site: string, backup: string, store?: string): string {
  const which = backup === 'latest' ? `${site}.latest` : backup;
  return `verify/${system}/${which}${store === undefined ? '' : `/${store}`}`;
}
