/**
 * Pins a backup, or puts it under legal hold, in every store: straight in the stores, without any engine.
 *
 * Guaranteed: of a pin and a removal that meet one gives way: the pin holds a lease on the backup and its chain while it is put. One that expired and
 * waits for its removal is offered again; one that is being removed is never said to be kept.
 */
import { type HoldfastError, isHoldfastError } from '../../domain/errors';
import type { RepositoryCopy } from '../../repository/copy';
import { getHead, putHead } from '../../repository/heads';
import { releaseLease, takeLease } from '../../repository/leases';
import { putHold, putPin, removeHold, removePin, type Sparing, type SparingKind } from '../../repository/pins';
import type { Repository } from '../../repository/repository';
import { operator } from '../operator';
import { notFoundIn } from './named-backup';

export interface Spared {
  kind: SparingKind;
  backupId: string;
  by: string;
  at: string;
  reason?: string;
  /** Where it is on record now. */
  stores: string[];
  /** Where it had expired, and is offered again. */
  revived: string[];
  /** Stores in which it is being removed. */
  lostIn: string[];
}

/** Long enough for the few requests that it takes. */
const leaseMs = 10 * 60_000;

/** @throws HoldfastError `backup_not_found`; `backup_unusable` when it is being removed wherever it is */
export async function spareBackup(
  { copies }: Repository,
  kind: SparingKind,
  { backupId, reason }: { backupId: string; reason?: string },
): Promise<Spared> {
  const by = operator();
  const spared = { stores: [] as string[], revived: [] as string[], lostIn: [] as string[] };
  let first: Sparing | undefined;
  let refusal: HoldfastError | undefined;
  const others: RepositoryCopy[] = [];
  for (const copy of copies) {
    const { name } = copy.store;
    const outcome = await spareIn(copy, backupId, by, async (chosen) => {
      const said = await putIn(chosen, kind, { backupId, by, reason });
      first ??= said;
      spared.stores.push(name);
    });
    if (outcome === 'absent') others.push(copy);
    else if (outcome === 'revived') spared.revived.push(name);
    else if (outcome !== 'spared') {
      refusal ??= outcome;
      spared.lostIn.push(name);
    }
  }
  if (first === undefined) throw refusal ?? (await notFoundIn(copies, backupId));
  for (const copy of others) {
    await putIn(copy, kind, { backupId, by: first.by, reason: first.reason }); // copies that are to come are kept too
    spared.stores.push(copy.store.name);
  }
  return { kind, backupId, by: first.by, at: first.at, reason: first.reason, ...spared };
}

/** In every store; returns where there was one. */
export async function spareNoMore(
  copies: readonly RepositoryCopy[],
  kind: SparingKind,
  backupId: string,
): Promise<string[]> {
  const stores: string[] = [];
  for (const copy of copies) {
    const was = kind === 'pin' ? await removePin(copy, backupId) : await removeHold(copy, backupId);
    if (was) stores.push(copy.store.name);
  }
  return stores;
}

async function spareIn(
  copy: RepositoryCopy,
  backupId: string,
  holder: string,
  putIt: (copy: RepositoryCopy) => Promise<void>,
): Promise<'absent' | 'spared' | 'revived' | HoldfastError> {
  const chain = await chainOf(copy, backupId);
  if (chain === undefined) return 'absent';
  const held = `pin by ${holder}, process ${process.pid}`;
  try {
    for (const id of chain) await takeLease(copy, { backupId: id, kind: 'pin', holder: held, ms: leaseMs });
    // Retention may have come and gone before the lease.
    if ((await chainOf(copy, backupId)) === undefined) return 'absent';
    for (const id of chain) await getHead(copy, id);
    await putIt(copy);
    const head = await getHead(copy, backupId);
    if (head.status !== 'expired') return 'spared';
    const { expiredAt: _, moved: __, ...rest } = head;
    await putHead(copy, { ...rest, status: 'completed' });
    return 'revived';
  } catch (error) {
    if (isHoldfastError(error) && (error.code === 'backup_unusable' || error.code === 'backup_not_found')) return error;
    throw error;
  } finally {
    for (const id of chain) await releaseLease(copy, id, held);
  }
}

/** The backup and what it builds upon; undefined where the store does not have it. */
async function chainOf(copy: RepositoryCopy, backupId: string): Promise<string[] | undefined> {
  try {
    const head = await getHead(copy, backupId);
    return head.status === 'failed' ? undefined : [...(head.chain ?? []), backupId];
  } catch (error) {
    if (isHoldfastError(error) && error.code === 'backup_not_found') return undefined;
    throw error;
  }
}

function putIn(copy: RepositoryCopy, kind: SparingKind, said: Pick<Sparing, 'backupId' | 'by' | 'reason'>) {
  return kind === 'pin' ? putPin(copy, said) : putHold(copy, said);
}
