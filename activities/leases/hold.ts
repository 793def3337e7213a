/**
 * Leases of procedures: what a run relies on is not removed while it runs. Whoever chooses a backup takes the leases in the same activity; the frame
 * renews them, and the receipt gives them back, whatever the end was.
 *
 * Guaranteed: what was chosen and leased is there, since it is looked at again afterwards. Not guaranteed: anything in a store that lets nobody write:
 * a restore goes on there with a warning.
 */
import { activityInfo, heartbeat, log } from '@temporalio/activity';
import { HoldfastError, isHoldfastError } from '../../domain/errors';
import type { LeaseKind } from '../../domain/leases';
import type { RepositoryCopy } from '../../repository/copy';
import { getHead } from '../../repository/heads';
import { releaseLeases as releaseAll, releaseLease, renewLeases as renewAll, takeLease } from '../../repository/leases';
import { answering } from '../answering';
import type { SiteContext } from '../context';

/**
 * A worker that is dead over a long weekend still has what it needs; a run that was terminated, and gives nothing back, holds up no more than a week
 * of retention. What is held up too long costs only room.
 */
export const leaseMs = 7 * 24 * 3600_000;

/** The same for every attempt of one run, and for no other run. */
export function holderOf(): string {
  const { workflowExecution } = activityInfo();
  return `${workflowExecution?.workflowId}/${workflowExecution?.runId}`;
}

/**
 * A backup and all that it builds upon, in one store. What is refused is given back.
 * @param chain the ids that it builds upon
 * @throws HoldfastError `backup_unusable` when one of them is being removed, or is not there any more
 */
export async function holdBackup(
  copy: RepositoryCopy,
  { id, chain = [] }: { id: string; chain?: string[] },
  kind: LeaseKind,
): Promise<void> {
  const holder = holderOf();
  const ids = [...chain, id];
  try {
    for (const backupId of ids) {
      await takeLease(copy, { backupId, kind, holder, ms: leaseMs });
      heartbeat();
    }
    for (const backupId of ids) await assertThere(copy, backupId, backupId === id);
  } catch (error) {
    if (wasTakenAway(error)) for (const backupId of ids) await releaseLease(copy, backupId, holder);
    throw error;
  }
}

/** A backup that is being made: nobody takes its packs for those of a dead one. */
export async function holdOwn(copies: RepositoryCopy[], backupId: string): Promise<void> {
  for (const copy of copies) await takeLease(copy, { backupId, kind: 'backup', holder: holderOf(), ms: leaseMs });
}

/** Chooses and leases, until nobody has taken away what was chosen between the two: what is being removed is not offered any more. */
export async function untilHeld<T>(chooseAndHold: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await chooseAndHold();
    } catch (error) {
      if (!wasTakenAway(error) || attempt === attempts) throw error;
      log.info('a backup is being removed; another one is looked for', { attempt });
    }
  }
}

const attempts = 3;

/** A restore must not fail because it may not write. Returns what is to be told. */
export async function ifAllowed(copy: RepositoryCopy, hold: () => Promise<void>): Promise<string[]> {
  try {
    await hold();
    return [];
  } catch (error) {
    if (!isHoldfastError(error) || (error.code !== 'store_denied' && error.code !== 'store_full')) throw error;
    return [
      `no lease could be taken in ${copy.store.name}, which lets nobody write: nothing keeps retention from removing what is restored meanwhile`,
    ];
  }
}

/** Daily, for as long as the run goes on. A store that does not answer today is asked tomorrow: the lease is longer than that. */
export async function renewLeases(context: SiteContext): Promise<number> {
  const { copies } = await context.repository();
  const answers = await answering(copies, (copy) => renewAll(copy, holderOf(), leaseMs));
  return answers.reduce((sum, { answer }) => sum + answer, 0);
}

/** At the end of every run. A store that cannot be reached keeps them until they end by themselves. */
export async function releaseLeases(copies: RepositoryCopy[]): Promise<void> {
  for (const copy of copies) {
    await releaseAll(copy, holderOf()).catch((error: unknown) => {
      log.warn(`leases in ${copy.store.name} could not be given back; they end by themselves`, {
        error: String(error),
      });
    });
  }
}

function wasTakenAway(error: unknown): boolean {
  return isHoldfastError(error) && error.code === 'backup_unusable';
}

/**
 * Retention may have come and gone between the choice and the lease.
 * @param chosen itself, and not what it builds upon
 * @throws HoldfastError `backup_unusable`
 */
export async function assertThere(copy: RepositoryCopy, backupId: string, chosen: boolean): Promise<void> {
  const head = await getHead(copy, backupId).catch((error: unknown) => {
    if (isHoldfastError(error) && error.retryable) throw error;
    return undefined;
  });
  if (head?.status === 'completed' || (head?.status === 'expired' && !chosen)) return;
  throw new HoldfastError('backup_unusable', `${backupId} is ${head?.status ?? 'gone'} in ${copy.store.name}`, {
    hints: ['choose another one: holdfast list'],
  });
}
