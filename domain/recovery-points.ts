/**
 * The row of recovery points of a tier: which are offered, which are not any more, and what may be removed. A point's objects stay for as
 * long as anything that is offered builds upon them, and for a while after that: a restore that began from it is not cut off.
 */
import type { BackupHead } from './backup';

/** A backup in the store says of itself that it is a point. */
export function isPoint({ marks }: Pick<BackupHead, 'marks'>): boolean {
  return marks !== undefined;
}

export interface Row {
  site: string;
  tier: string | undefined;
}

/** Completed points of the tier beyond the newest `last`. */
export function pointsToExpire(heads: BackupHead[], row: Row, last: number): BackupHead[] {
  const completed = ofRow(heads, row).filter(({ status }) => status === 'completed');
  return completed.sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1)).slice(last);
}

/**
 * Points that nobody can want: expired for longer than `grace` and part of no chain that is still offered, or failed that long ago.
 * @param grace in milliseconds
 */
export function pointsToRemove(heads: BackupHead[], row: Row, now: Date, grace: number): BackupHead[] {
  const overdue = new Set(ofRow(heads, row).filter((head) => since(head) + grace <= now.getTime()));
  const needed = new Set(heads.filter((head) => !overdue.has(head)).flatMap(({ chain }) => chain ?? []));
  return [...overdue].filter(({ id }) => !needed.has(id));
}

function ofRow(heads: BackupHead[], { site, tier }: Row): BackupHead[] {
  return heads.filter((head) => isPoint(head) && head.site === site && head.tier === tier);
}

/** Since when it is of no use; never, for one that is. */
function since({ status, expiredAt, endedAt, startedAt }: BackupHead): number {
  if (status === 'expired') return Date.parse(expiredAt ?? startedAt);
  return status === 'failed' ? Date.parse(endedAt ?? startedAt) : Number.POSITIVE_INFINITY;
}
