/** The first stage: what no rule keeps is offered no more. Its objects stay. */
import { isHoldfastError } from '../../domain/errors';
import { childrenFirst } from '../../domain/retention/order';
import type { Decision, StoreView } from '../../domain/retention/types';
import type { RepositoryCopy } from '../copy';
import { getHead, putHead } from '../heads';
import { lookAtStore } from './look';

export interface StageOptions {
  /** What the plan chose for this stage. */
  planned: ReadonlySet<string>;
  /** Judges again what is seen now: only what both agree upon is touched. @throws HoldfastError when it should not be believed */
  decide: (view: StoreView) => Decision[];
  signal?: AbortSignal;
}

/** @returns ids of those that expired now */
export async function expireBackups(copy: RepositoryCopy, options: StageOptions): Promise<string[]> {
  const { planned, decide, signal } = options;
  if (planned.size === 0) return [];
  const view = await lookAtStore(copy, signal);
  const agreed = decide(view).filter(({ backupId, action }) => action === 'expire' && planned.has(backupId));
  const expired: string[] = [];
  const ids = agreed.map(({ backupId }) => backupId);
  for (const backupId of childrenFirst(ids, view.heads)) {
    signal?.throwIfAborted();
    if (await expire(copy, backupId)) expired.push(backupId);
  }
  return expired;
}

async function expire(copy: RepositoryCopy, backupId: string): Promise<boolean> {
  try {
    const head = await getHead(copy, backupId);
    if (head.status !== 'completed') return false;
    await putHead(copy, { ...head, status: 'expired', expiredAt: (await copy.store.clock()).toISOString() });
    return true;
  } catch (error) {
    if (isHoldfastError(error) && error.code === 'backup_not_found') return false;
    throw error;
  }
}
