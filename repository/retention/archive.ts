/**
 * The stage beside the first: of what no rule keeps and what may not be deleted the head says that it is archived, and of what a rule keeps again that no
 * more. Nothing else of it changes: it is offered as before, and its packs move by the procedure that moves all others.
 */
import { isHoldfastError } from '../../domain/errors';
import { childrenFirst } from '../../domain/retention/order';
import type { Decision } from '../../domain/retention/types';
import type { RepositoryCopy } from '../copy';
import { getHead, putHead } from '../heads';
import type { StageOptions } from './expire';
import { lookAtStore } from './look';

type Change = NonNullable<Decision['archiving']>;

/** @returns ids of those planned that are archived now, also by an attempt before that was cut off */
export async function archiveBackups(copy: RepositoryCopy, options: StageOptions): Promise<string[]> {
  const { planned, decide, signal } = options;
  if (planned.size === 0) return [];
  const view = await lookAtStore(copy, signal);
  const decisions = await decide(view);
  const changing = (to: Change) =>
    childrenFirst(
      decisions.flatMap(({ backupId, archiving }) => (archiving === to && planned.has(backupId) ? [backupId] : [])),
      view.heads,
    );
  // Wherever it is cut: nothing is archived upon which something builds that is not.
  for (const backupId of changing('ends').reverse()) {
    signal?.throwIfAborted();
    await mark(copy, backupId, 'ends');
  }
  const archived = decisions.flatMap((one) =>
    planned.has(one.backupId) && one.archived && one.archiving === undefined ? [one.backupId] : [],
  );
  for (const backupId of changing('begins')) {
    signal?.throwIfAborted();
    if (await mark(copy, backupId, 'begins')) archived.push(backupId);
  }
  return archived;
}

/** False: it is as it is to be, or has expired meanwhile. */
async function mark(copy: RepositoryCopy, backupId: string, change: Change): Promise<boolean> {
  try {
    const { archived, ...head } = await getHead(copy, backupId);
    if (head.status !== 'completed' || (archived === undefined) === (change === 'ends')) return false;
    const at = (await copy.store.clock()).toISOString();
    await putHead(copy, { ...head, ...(change === 'begins' && { archived: { at } }) });
    return true;
  } catch (error) {
    if (isHoldfastError(error) && error.code === 'backup_not_found') return false;
    throw error;
  }
}
