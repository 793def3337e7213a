/** What the end of a verification says: of the backup, or only of the attempt. */
import type { Proof } from '../backup';
import { catalogue, type ErrorCode } from '../errors';

export type Verdict = 'proved' | 'failed' | 'could_not_run';

/** Refused before a restore begins, and yet the backup's or its WAL's own fault: what was said to be restorable is not. */
const ofTheBackup = new Set<ErrorCode>([
  'backup_unusable',
  'timestamp_out_of_range',
  'target_not_found',
  'timeline_unreachable',
]);

/** Says nothing of the backup: a store, a clock or an engine was the trouble. */
const ofTheAttempt = new Set<ErrorCode>([
  'store_unavailable',
  'store_denied',
  'store_full',
  'timed_out',
  'aborted',
  'placing_still_alive',
  'postgres_unreachable',
  'service_stop_failed',
  'undo_failed',
  'internal',
]);

/** "Could not run" is never green, and never told as damage. */
export function verdictOf(code: ErrorCode): Exclude<Verdict, 'proved'> {
  if (ofTheBackup.has(code)) return 'failed';
  if (ofTheAttempt.has(code)) return 'could_not_run';
  return catalogue[code].exit === 1 ? 'failed' : 'could_not_run';
}

/** Findings are of what a restore would still bring back right: counts that differ, files that changed while they were read. */
export function outcomeOf(findings: string[]): Proof['outcome'] {
  return findings.length === 0 ? 'passed' : 'warning';
}
