/** What stands in a store for its lock alone: no rule keeps it, nobody needs it, and it goes by itself when the lock ends. */
import type { Decision, StoreView } from './types';

/** The next time at which something goes that was locked. */
export interface Unlock {
  store: string;
  backupId: string;
  /** `lock`: it expires then; `cool-off`: it has expired since its lock ended, and its objects go then. */
  what: 'lock' | 'cool-off';
  /** RFC 3339, by the store's clock. */
  until: string;
  /** From the look at the store on, milliseconds: clocks elsewhere may be wrong. */
  inMs: number;
}

export interface LockedOnly {
  count: number;
  /** When the first of them goes. */
  until: string;
}

export function standsByLockAlone({ action, reasons }: Decision): boolean {
  return action === 'keep' && reasons.length > 0 && reasons.every(({ kind }) => kind === 'lock');
}

export function lockedOnly(decisions: Decision[]): LockedOnly | undefined {
  const ends = decisions.filter(standsByLockAlone).flatMap(({ reasons }) => reasons.map(({ until = '' }) => until));
  return ends.length === 0 ? undefined : { count: ends.length, until: earliest(ends) };
}

/** Undefined: nothing waits for its lock, and nothing that did for its removal. */
export function nextUnlock(
  { store, heads, now }: StoreView,
  decisions: Decision[],
  coolOff: number,
): Unlock | undefined {
  const wereLocked = new Set(heads.flatMap(({ id, lock }) => (lock === undefined ? [] : [id])));
  const ahead = decisions.flatMap((one): Omit<Unlock, 'store' | 'inMs'>[] => {
    const { backupId } = one;
    const until = earliest(one.reasons.map((reason) => reason.until ?? ''));
    if (standsByLockAlone(one)) return [{ backupId, what: 'lock', until }];
    if (!wereLocked.has(backupId)) return [];
    if (one.action === 'expire') return [{ backupId, what: 'cool-off', until: new Date(now + coolOff).toISOString() }];
    return one.reasons.every(({ kind }) => kind === 'cool-off') ? [{ backupId, what: 'cool-off', until }] : [];
  });
  const next = ahead.reduce<(typeof ahead)[number] | undefined>((a, b) => (a && a.until <= b.until ? a : b), undefined);
  return next && { store, ...next, inMs: Math.max(0, Date.parse(next.until) - now) };
}

/** All of them are UTC, in one form. */
function earliest(ends: string[]): string {
  return ends.reduce((a, b) => (a <= b ? a : b));
}
