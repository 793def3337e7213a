/** A finished procedure, for people and as an exit code. */
import { formatBytes, formatDuration } from '../../domain/config/units';
import { catalogue } from '../../domain/errors';
import type { ProcedureResult, RestoredComponent, RetainedInStore } from '../../domain/progress';
import type { CopyEnd } from '../../domain/replication/requests';
import { describeProofs } from './report-proofs';

/** 0 completed · what its error says when it failed · 130 aborted. */
export function exitOf({ status, error }: ProcedureResult): number {
  if (status === 'completed') return 0;
  if (status === 'aborted') return 130;
  return error === undefined ? 1 : catalogue[error.code].exit;
}

export function describeResult(result: ProcedureResult): string {
  const { procedure, status, backupId, seconds, bytes, storedBytes, recoveryPoint } = result;
  const lines = [
    `${procedure} ${status}${backupId === undefined ? '' : `: ${backupId}`} in ${formatDuration(seconds * 1000)}`,
  ];
  if (bytes !== undefined) {
    lines.push(`  ${formatBytes(bytes)}${storedBytes === undefined ? '' : `, ${formatBytes(storedBytes)} stored`}`);
  }
  if (recoveryPoint !== undefined) lines.push(`  recovery point ${recoveryPoint}`);
  lines.push(...(result.restored ?? []).map(describeRestored), ...(result.copies ?? []).map(describeCopy));
  if (result.copies?.length === 0 && status === 'completed') lines.push('  no copy was missing');
  lines.push(...describeDue(result), ...describeVerification(result.details), ...describeProofs(result.details));
  lines.push(...(result.retained ?? []).map(describeRetained));
  if (result.receipt !== null) lines.push(`  receipt ${result.receipt}`);
  for (const warning of result.warnings) lines.push(`  warning: ${warning}`);
  return lines.join('\n');
}

function describeCopy({ store, outcome, packs, storedBytes, repaired, error }: CopyEnd): string {
  if (error !== undefined) return `  ${store}: no copy: ${error.message}`;
  const sent = packs === 0 ? 'nothing was missing' : `${packs} packs, ${formatBytes(storedBytes)}`;
  const mended = repaired === 0 ? '' : `, ${repaired} damaged objects repaired`;
  return `  ${store}: ${outcome === 'there' ? 'was there' : 'copied'}, ${sent}${mended}`;
}

/** Of moves: that a run found nothing to do is an answer. */
function describeDue({ status, details }: ProcedureResult): string[] {
  return status === 'completed' && details?.['due'] === 0 ? ['  nothing is old enough to move'] : [];
}

function describeVerification({
  verification,
  outcome,
  evidence,
}: NonNullable<ProcedureResult['details']> = {}): string[] {
  const { level, store, requests, bytes, trusted } = (verification ?? {}) as Partial<VerificationDetails>;
  const cost =
    requests === undefined || bytes === undefined ? '' : `: ${requests} requests, ${formatBytes(bytes)} to read`;
  return [
    ...(level === undefined
      ? []
      : [`  ${level} of the copy in ${store}${cost}${trusted ? ', its own checksums believed' : ''}`]),
    ...(Array.isArray(evidence) ? evidence.map((one) => `  shown: ${String(one)}`) : []),
    ...(typeof outcome === 'string' ? [`  outcome: ${outcome}`] : []),
  ];
}

interface VerificationDetails {
  level: string;
  store: string;
  requests: number;
  bytes: number;
  trusted: boolean;
}

function describeRetained(one: RetainedInStore): string {
  const { store, keep, expired, removed, move, locked, archived = 0, inArchive = 0 } = one;
  const moving = move > 0 ? `, ${move} that belong into a colder class or store` : '';
  const inArchiveSay = inArchive > 0 ? `, ${archived} archived (${inArchive} in all, which may not be deleted)` : '';
  const until = locked?.until.slice(0, 19).replace('T', ' ');
  const first = locked?.count === 1 ? 'it goes' : 'the first goes';
  const byLock = locked ? `, ${locked.count} of the kept locked until ${until}: ${first} then by itself` : '';
  return `  ${store}: ${keep} kept, ${expired} expired, ${removed} removed${moving}${inArchiveSay}${byLock}`;
}

function describeRestored({ component, path, backupId, socket, port }: RestoredComponent): string {
  const from = backupId === undefined ? '' : `, from ${backupId}`;
  const running = port === undefined ? '' : `, running on port ${port}${socket ? ` in ${socket}` : ''}`;
  return `  ${component}: ${path}${from}${running}`;
}
