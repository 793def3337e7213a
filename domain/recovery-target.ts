/**
 * Recovery targets: what a user may ask for, and what PostgreSQL is to be told so that exactly that comes back
 * (PostgreSQL manual, "Recovery Target"; `src/backend/access/transam/xlogrecovery.c`).
 */
import { HoldfastError } from './errors';
import { formatInstant, looksLikeTime, type Micros, parseInstant } from './instant';
import { formatLsn, isLsn, type Lsn, parseLsn } from './lsn';

export type RequestedTarget =
  | { kind: 'latest' }
  | { kind: 'end-of-backup' }
  | { kind: 'time'; at: Micros }
  | { kind: 'lsn'; lsn: Lsn }
  | { kind: 'name'; name: string }
  | { kind: 'xid'; xid: number };

/**
 * Reads a target as typed. A prefix (`time:`, `lsn:`, `name:`, `xid:`) says what is meant; bare values are taken for a time, then
 * for an LSN, then for a name, and digits for a transaction id.
 * @throws HoldfastError `target_invalid`
 */
export function parseTarget(text: string | undefined): RequestedTarget {
  if (text === undefined || text === 'latest') return { kind: 'latest' };
  if (text === 'end-of-backup') return { kind: 'end-of-backup' };
  const [, prefix, rest = ''] = /^(time|lsn|name|xid):(.*)$/s.exec(text) ?? [];
  switch (prefix) {
    case 'time':
      return { kind: 'time', at: parseInstant(rest) };
    case 'lsn':
      return { kind: 'lsn', lsn: parseLsn(rest) };
    case 'name':
      return named(rest);
    case 'xid':
      return transaction(rest);
    default:
      return bare(text);
  }
}

function bare(text: string): RequestedTarget {
  if (looksLikeTime(text)) return { kind: 'time', at: parseInstant(text) };
  if (isLsn(text)) return { kind: 'lsn', lsn: parseLsn(text) };
  return /^\d+$/.test(text) ? transaction(text) : named(text);
}

/** PostgreSQL cuts names at 63 bytes when a restore point is made. */
function named(name: string): RequestedTarget {
  if (name.length > 0 && Buffer.byteLength(name) <= 63 && !name.includes('\0')) return { kind: 'name', name };
  throw new HoldfastError('target_invalid', 'a restore point’s name has 1 to 63 bytes', {
    hints: ['write it as it was given to pg_create_restore_point'],
  });
}

/** Full transaction ids count on over 32 bits; the WAL and recovery know the lower half. */
function transaction(text: string): RequestedTarget {
  const full = /^\d{1,20}$/.test(text) ? BigInt(text) : 0n;
  const xid = Number(full & 0xffffffffn);
  if (xid >= 3) return { kind: 'xid', xid };
  throw new HoldfastError('target_invalid', `"${text}" is not a transaction id`, {
    hints: ['write a number from 3 on, as pg_current_xact_id() says it'],
  });
}

/** For people. */
export function describeTarget(target: RequestedTarget): string {
  switch (target.kind) {
    case 'latest':
      return 'the end of the stored WAL';
    case 'end-of-backup':
      return 'the end of the backup';
    case 'time':
      return formatInstant(target.at);
    case 'lsn':
      return formatLsn(target.lsn);
    case 'name':
      return `restore point "${target.name}"`;
    case 'xid':
      return `transaction ${target.xid}`;
  }
}
