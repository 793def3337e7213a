/** Which locks a backup is to get, and whether its stores can: asked before anything is stored. */
import { openConfiguredStore } from '../../components/config-file/open-repository';
import type { ImmutableConfig, StoreConfig } from '../../domain/config/types';
import { HoldfastError } from '../../domain/errors';
import { lockWish } from '../../domain/locks';
import type { RepositoryCopy } from '../../repository/copy';
import { withProvisionalLock } from '../../repository/locks/provisional';
import type { SiteContext } from '../context';

export type LockWishes = Record<string, ImmutableConfig>;

/**
 * By store; undefined: nothing is to be locked.
 * @throws HoldfastError `lock_unsupported`
 */
export async function lockWishes(
  { config }: SiteContext,
  tier: string | undefined,
  stores: string[],
): Promise<LockWishes | undefined> {
  const wishes: LockWishes = {};
  for (const name of stores) {
    const wish = lockWish(config, tier, name);
    if (wish === undefined) continue;
    await assertLockable(name, config.stores[name] as StoreConfig);
    wishes[name] = wish;
  }
  return Object.keys(wishes).length === 0 ? undefined : wishes;
}

async function assertLockable(name: string, config: StoreConfig): Promise<void> {
  const store = await openConfiguredStore(name, config);
  try {
    if (await store.locks?.supported()) return;
  } finally {
    await store.close();
  }
  throw new HoldfastError('lock_unsupported', `nothing can be locked in the store ${name}, and the backup is to be`, {
    where: store.location,
    hints: ['make a bucket with object lock, which is chosen at its birth', 'or leave the store out of the tier'],
  });
}

/** The copy as a backup of the tier is to be written into it: what is stored is locked from the first moment. */
export async function provisionally(
  { config }: SiteContext,
  copy: RepositoryCopy,
  tier: string | undefined,
): Promise<RepositoryCopy> {
  const wish = lockWish(config, tier, copy.store.name);
  return wish === undefined ? copy : await withProvisionalLock(copy, { mode: wish.mode, ms: wish.provisional });
}
