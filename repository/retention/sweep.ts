/**
 * The second stage: what expired and cooled off is removed. It is announced first; then it is looked again who needs it, since whoever began to rely on it
 * before the announcement has a lease or has published by then, and whoever comes after it is refused. Right before each deletion it is looked once more whether
 * the announcement stands: who slept meanwhile, and comes back when it was taken back, touches nothing.
 */
import { isHoldfastError } from '../../domain/errors';
import { childrenFirst } from '../../domain/retention/order';
import type { RepositoryCopy } from '../copy';
import { removeHead } from '../heads';
import { announceRemoval, assertAnnounced, removalDone, withdrawRemoval } from '../leases';
import { backupKeys, headKey } from '../names';
import { removeBackup } from '../remove';
import type { StageOptions } from './expire';
import { lookAtStore } from './look';

export interface Swept {
  removed: string[];
  /** Planned, and not there any more when it was looked: an earlier attempt, or another's, had removed it. */
  gone: string[];
  /** What was to go, and why it did not. */
  left: { backupId: string; reason: string }[];
}

/** Announced together, and judged by one look at the store. */
const atOnce = 200;

/** @param remover one name for each attempt */
export async function sweepBackups(copy: RepositoryCopy, remover: string, options: StageOptions): Promise<Swept> {
  const swept: Swept = { removed: [], gone: [], left: [] };
  const planned = [...options.planned];
  for (let at = 0; at < planned.length; at += atOnce)
    await sweepSome(copy, remover, planned.slice(at, at + atOnce), options, swept);
  return swept;
}

async function sweepSome(
  copy: RepositoryCopy,
  remover: string,
  ids: string[],
  { decide, signal }: StageOptions,
  swept: Swept,
): Promise<void> {
  const announced = new Set<string>();
  for (const backupId of ids) {
    signal?.throwIfAborted();
    const [lease] = await announceRemoval(copy, backupId, remover);
    if (lease) swept.left.push({ backupId, reason: `in use by ${lease.holder}` });
    else announced.add(backupId);
  }
  const view = await lookAtStore(copy, signal);
  const decisions = await decide(view);
  const listed = new Map(decisions.map((one) => [one.backupId, one]));
  for (const backupId of announced) {
    if (listed.get(backupId)?.action === 'remove') continue;
    announced.delete(backupId);
    if (!listed.has(backupId)) swept.gone.push(backupId);
    await (listed.has(backupId) ? withdrawRemoval(copy, backupId, remover) : removalDone(copy, backupId));
  }
  for (const backupId of childrenFirst(announced, view.heads)) {
    signal?.throwIfAborted();
    try {
      await removeWhole(copy, backupId, remover, signal);
      swept.removed.push(backupId);
    } catch (error) {
      if (!isHoldfastError(error) || !stays.has(error.code)) throw error;
      // Who came to its end before us left nothing behind that stays.
      const isGone = error.code === 'fenced' && (await copy.store.head(headKey(backupId))) === undefined;
      if (isGone) swept.gone.push(backupId);
      else swept.left.push({ backupId, reason: error.message });
    }
  }
}

/** What keeps one backup from being removed, and none of the others. */
const stays = new Set<string>(['store_denied', 'object_locked', 'fenced']);

/** The head goes last: what was cut off in the middle is found again by it. Receipts in their chain stay. */
async function removeWhole(
  copy: RepositoryCopy,
  backupId: string,
  remover: string,
  signal?: AbortSignal,
): Promise<void> {
  const mayGoOn = () => assertAnnounced(copy, backupId, remover);
  await removeBackup(copy, backupId, { signal, mayGoOn });
  await mayGoOn();
  await copy.store.delete([backupKeys.receipt(backupId)]);
  await removeHead(copy, backupId);
  await removalDone(copy, backupId);
}
