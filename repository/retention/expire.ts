/** The first stage: what no rule keeps is offered no more. Its objects stay. */
import type { BackupHead } from '../../domain/backup';
import { isHoldfastError } from '../../domain/errors';
import { childrenFirst } from '../../domain/retention/order';
import type { Decision, Reason, StoreView } from '../../domain/retention/types';
import type { RepositoryCopy } from '../copy';
import { getHead, putHead } from '../heads';
import { isSpared } from '../pins';
import { lookAtStore } from './look';

export interface StageOptions {
  /** What the plan chose for this stage. */
  planned: ReadonlySet<string>;
  /** Judges again what is seen now: only what both agree upon is touched. @throws HoldfastError when it should not be believed */
  decide: (view: StoreView) => Decision[] | Promise<Decision[]>;
  signal?: AbortSignal;
}

/** @returns ids of those that expired now */
export async function expireBackups(copy: RepositoryCopy, options: StageOptions): Promise<string[]> {
  const { planned, decide, signal } = options;
  if (planned.size === 0) return [];
  const view = await lookAtStore(copy, signal);
  const decisions = await decide(view);
  const agreed = decisions.filter(({ backupId, action }) => action === 'expire' && planned.has(backupId));
  const expired: string[] = [];
  const moved = new Map(agreed.map(({ backupId, reasons }) => [backupId, movedBy(reasons)]));
  for (const backupId of childrenFirst(moved.keys(), view.heads)) {
    signal?.throwIfAborted();
    if (await expire(copy, backupId, moved.get(backupId))) expired.push(backupId);
  }
  return expired;
}

function movedBy(reasons: Reason[]): BackupHead['moved'] {
  const { by: to, at = '' } = reasons.find(({ kind }) => kind === 'moved') ?? {};
  return to === undefined ? undefined : { to, at };
}

async function expire(copy: RepositoryCopy, backupId: string, moved: BackupHead['moved']): Promise<boolean> {
  try {
    const { archived: _, ...head } = await getHead(copy, backupId);
    if (head.status !== 'completed') return false;
    const expiredAt = (await copy.store.clock()).toISOString();
    await putHead(copy, { ...head, status: 'expired', expiredAt, ...(moved && { moved }) });
    if (!(await isSpared(copy, backupId))) return true;
    // Who pinned it meanwhile looked at it before it expired: a pin that is put later sees that it has.
    await putHead(copy, head);
    return false;
  } catch (error) {
    if (isHoldfastError(error) && error.code === 'backup_not_found') return false;
    throw error;
  }
}
