/**
 * Decides, before anything is touched, whether the stored WAL reaches a recovery target and what PostgreSQL is to be told.
 *
 * PostgreSQL stops a replay to a time at the first end of a transaction beyond it, and fails when there is none: on a quiet
 * database that is a legitimate target. Then it is told nothing, and replays to the end. It fails too when it meets the target
 * before the backup is consistent. Both are decided here from what a scan of the WAL found.
 */
import { HoldfastError } from './errors';
import { formatInstant, type Micros } from './instant';
import { formatLsn, type Lsn } from './lsn';
import { describeTarget, type RequestedTarget } from './recovery-target';
import type { TransactionEnd, WalFacts } from './wal-facts';

/** The backup that replay starts from. */
export interface ReplayStart {
  stopLsn: Lsn;
  stopTime: Micros;
}

export interface RecoveryRequest {
  target: RequestedTarget;
  inclusive: boolean;
  backup: ReplayStart;
  facts: WalFacts;
  /** Everything durable at `serverTime` lies before `lsn`, by the archive's mark; absent: only transactions tell. */
  coverage?: { lsn: Lsn; serverTime: Micros };
}

/** What PostgreSQL is told about the end of replay. */
export type ReplayTarget =
  | { kind: 'end-of-wal' }
  | { kind: 'consistent' }
  | { kind: 'time'; at: Micros; inclusive: boolean }
  | { kind: 'lsn'; lsn: string; inclusive: boolean }
  | { kind: 'xid'; xid: string; inclusive: boolean }
  | { kind: 'name'; name: string };

export interface RecoveryDecision {
  tell: ReplayTarget;
  /** For people: what will be reached. */
  reaches: string;
  /** The last transaction that will be there, where the scan knows it. */
  lastTransaction?: TransactionEnd;
  warnings: string[];
}

/**
 * @throws HoldfastError `timestamp_out_of_range`, `target_invalid`, `target_not_found`, `wal_gap`; nothing was touched
 */
export function decideRecovery(request: RecoveryRequest): RecoveryDecision {
  assertConsistent(request);
  const { target } = request;
  switch (target.kind) {
    case 'latest':
      return toTheEnd(request);
    case 'end-of-backup':
      return { tell: consistent(request), reaches: describeTarget(target), warnings: [] };
    case 'time':
      return toTime(request, target.at);
    case 'lsn':
      return toPosition(request, target.lsn);
    case 'name':
      return toName(request, target.name);
    case 'xid':
      return toTransaction(request, target.xid);
  }
}

/** Without the backup's own WAL nothing can be restored from it. */
function assertConsistent({ backup, facts }: RecoveryRequest): void {
  if (facts.end !== undefined && facts.end >= backup.stopLsn) return;
  const missing = facts.hole ? `: segment ${facts.hole.segment} is missing` : '';
  throw new HoldfastError('wal_gap', `the WAL that makes the backup consistent is not stored${missing}`, {
    where: facts.hole?.segment,
    hints: ['restore another backup, or from another store'],
  });
}

/**
 * A server stops at consistency only when it meets another record there. None follows where the timeline was left at the backup's very end, by an
 * earlier restore to it, and nothing is stored yet of the one that is lived on since.
 */
function consistent({ backup, facts }: RecoveryRequest): ReplayTarget {
  return facts.end === backup.stopLsn ? { kind: 'end-of-wal' } : { kind: 'consistent' };
}

function toTheEnd({ facts }: RecoveryRequest): RecoveryDecision {
  const why = facts.hole?.removed ? 'which retention removed' : 'which is missing although later WAL is stored';
  const warnings = facts.hole ? [`replay ends before ${facts.hole.segment}, ${why}`] : [];
  return { tell: { kind: 'end-of-wal' }, reaches: endOf(facts), lastTransaction: facts.last, warnings };
}

function toTime(request: RecoveryRequest, at: Micros): RecoveryDecision {
  const { backup, facts, inclusive, coverage } = request;
  const beyond = facts.firstBeyond;
  if (at < backup.stopTime || (beyond && beyond.start < backup.stopLsn)) {
    throw outOfRange(request, `${formatInstant(at)} lies before the end of the backup`);
  }
  const reaches = formatInstant(at);
  if (beyond) {
    return { tell: { kind: 'time', at, inclusive }, reaches, lastTransaction: facts.lastWithin, warnings: [] };
  }
  if (facts.hole) throw behindHole(request);
  // Whatever the mark covers and the scan did not meet never happened, provided that the scan saw all that the mark speaks of.
  if (coverage && at <= coverage.serverTime) {
    if (facts.storedTo < coverage.lsn) throw behindHole(request);
    return { tell: { kind: 'end-of-wal' }, reaches, lastTransaction: facts.last, warnings: [] };
  }
  throw outOfRange(request, `${formatInstant(at)} lies after the last recoverable point`);
}

function toPosition(request: RecoveryRequest, lsn: Lsn): RecoveryDecision {
  const { backup, facts, inclusive } = request;
  if (lsn < backup.stopLsn) {
    throw outOfRange(request, `${formatLsn(lsn)} lies before the end of the backup`, 'target_invalid');
  }
  const reaches = formatLsn(lsn);
  // PostgreSQL stops at a record that starts at the target or later: without one it would replay to the end and fail.
  if (facts.lastRecord !== undefined && lsn <= facts.lastRecord) {
    return { tell: { kind: 'lsn', lsn: reaches, inclusive }, reaches, warnings: [] };
  }
  if (facts.end !== undefined && lsn <= facts.end) {
    return { tell: { kind: 'end-of-wal' }, reaches, lastTransaction: facts.last, warnings: [] };
  }
  if (facts.hole) throw behindHole(request);
  throw outOfRange(request, `${reaches} lies after the last stored WAL`, 'target_not_found');
}

function toName(request: RecoveryRequest, name: string): RecoveryDecision {
  const { backup, facts } = request;
  const point = facts.restorePoints.find((one) => one.name === name);
  if (!point && facts.hole) throw behindHole(request);
  if (!point) {
    const known = [...new Set(facts.restorePoints.map((one) => one.name))];
    throw new HoldfastError(
      'target_not_found',
      `there is no ${describeTarget(request.target)} in the WAL of this backup`,
      {
        hints: [known.length > 0 ? `restore points here: ${known.join(', ')}` : 'it holds no restore point at all'],
      },
    );
  }
  if (point.start < backup.stopLsn) {
    throw outOfRange(request, `${describeTarget(request.target)} lies before the end of the backup`, 'target_invalid');
  }
  return { tell: { kind: 'name', name }, reaches: describeTarget(request.target), warnings: [] };
}

function toTransaction(request: RecoveryRequest, xid: number): RecoveryDecision {
  const { backup, facts, inclusive } = request;
  const { found } = facts;
  if (!found && facts.hole) throw behindHole(request);
  if (!found) {
    throw new HoldfastError('target_not_found', `transaction ${xid} does not end in the WAL of this backup`, {
      hints: [intervalHint(request), 'it may have ended before the backup, or never'],
    });
  }
  if (found.start < backup.stopLsn) {
    throw outOfRange(request, `transaction ${xid} ended before the end of the backup`, 'target_invalid');
  }
  const warnings = found.outcome === 'abort' ? [`transaction ${xid} was rolled back`] : [];
  return { tell: { kind: 'xid', xid: String(xid), inclusive }, reaches: `transaction ${xid}`, warnings };
}

function outOfRange(
  request: RecoveryRequest,
  message: string,
  code: 'timestamp_out_of_range' | 'target_invalid' | 'target_not_found' = 'timestamp_out_of_range',
): HoldfastError {
  return new HoldfastError(code, message, { hints: [intervalHint(request)] });
}

function behindHole(request: RecoveryRequest): HoldfastError {
  const { target, facts } = request;
  if (facts.hole?.removed) {
    throw outOfRange(request, `retention removed the WAL on the way to ${describeTarget(target)}`);
  }
  return new HoldfastError('wal_gap', `WAL is missing on the way to ${describeTarget(target)}`, {
    where: facts.hole?.segment,
    hints: ['restore another store’s copy, or a backup taken after the gap'],
  });
}

function intervalHint({ backup, facts, coverage }: RecoveryRequest): string {
  const last = facts.last?.time;
  const covered = coverage && !facts.hole && facts.storedTo >= coverage.lsn ? coverage.serverTime : undefined;
  const until = covered === undefined || (last !== undefined && last > covered) ? last : covered;
  const to = until === undefined || until < backup.stopTime ? backup.stopTime : until;
  const positions = `${formatLsn(backup.stopLsn)} to ${formatLsn(facts.end ?? backup.stopLsn)}`;
  return `this backup can be recovered from ${formatInstant(backup.stopTime)} to ${formatInstant(to)} (${positions})`;
}

function endOf(facts: WalFacts): string {
  return facts.last
    ? `the end of the stored WAL (last transaction at ${formatInstant(facts.last.time)})`
    : 'the end of the stored WAL';
}
