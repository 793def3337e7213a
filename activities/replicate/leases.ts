/** While a backup is copied nobody removes it, neither where it comes from nor where it goes to. */

import type { SealedManifest } from '../../domain/backup';
import { type HoldfastError, isHoldfastError } from '../../domain/errors';
import { releaseLease, takeLease } from '../../repository/leases';
import type { SiteContext } from '../context';
import { holdWal } from '../leases/hold-wal';

/** Renewed with every run of packs, and daily while one takes long (a narrow line): a copier that died is waited for no longer. */
const leaseMs = 36 * 3_600_000;

/**
 * In every store that can be reached.
 * @param from the store that was chosen to copy from: there it must not be going
 * @throws HoldfastError `backup_unusable` when it is being removed everywhere, or where it was to come from
 */
export async function leaseForCopy(
  context: SiteContext,
  backupIds: string[],
  holder: string,
  from?: string,
): Promise<void> {
  const { copies } = await context.repository();
  for (const backupId of backupIds) {
    let [held, refusal]: [number, HoldfastError | undefined] = [0, undefined];
    for (const copy of copies) {
      try {
        await takeLease(copy, { backupId, kind: 'copy', holder, ms: leaseMs });
        held += 1;
      } catch (error) {
        // A store that is away removes nothing and gives nothing; one that removes it is no source.
        if (!isHoldfastError(error) || copy.store.name === from) throw error;
        refusal = error;
      }
    }
    if (held === 0 && refusal !== undefined) throw refusal;
  }
}

/**
 * The WAL of a backup and of all that it builds upon, in every store that can be reached: where it comes from it must not go, and where it comes to nothing
 * speaks for it until the copy is in the catalog. Given back with the run's other leases.
 */
export async function leaseWalForCopy(context: SiteContext, manifests: SealedManifest[]): Promise<void> {
  const needs = manifests.flatMap(({ components, marks = {} }) => [
    ...Object.values(components).flatMap(({ postgres }) =>
      postgres === undefined ? [] : [{ ...postgres, from: postgres.startLsn }],
    ),
    ...Object.values(marks).map((mark) => ({ ...mark, from: mark.lsn })),
  ]);
  for (const copy of (await context.repository()).copies) {
    await holdWal(copy, 'copy', needs).catch((error: unknown) => {
      if (!isHoldfastError(error)) throw error; // as above
    });
  }
}

export async function endCopyLeases(context: SiteContext, backupIds: string[], holder: string): Promise<void> {
  const { copies } = await context.repository();
  for (const copy of copies) {
    for (const backupId of backupIds) {
      await releaseLease(copy, backupId, holder).catch((error: unknown) => {
        if (!isHoldfastError(error)) throw error; // it ends by itself
      });
    }
  }
}
