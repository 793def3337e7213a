/** Until when a backup cannot be removed, and for how long a new one is to be locked. */
import type { BackupHead, LockMode } from './backup';
import type { Config, ImmutableConfig } from './config/types';
import { levelKeeps } from './storage';

const day = 86_400_000;

/** How a backup of a tier is locked in a store: as the tier says, and in an archive for a year in any case. Undefined: not at all. */
export function lockWish(config: Config, tier: string | undefined, store: string): ImmutableConfig | undefined {
  const ofTier = tier === undefined ? undefined : config.tiers[tier]?.immutable;
  const there = config.stores[store];
  // The one kind of directory that such a tier may go to lies on a medium that is taken out: that is its lock.
  if (there?.kind !== 's3') return undefined;
  if (there.level !== 'archive') return ofTier;
  const period = Math.max(ofTier?.for ?? 0, levelKeeps.archive);
  return { mode: ofTier?.mode ?? 'compliance', for: period, provisional: ofTier?.provisional ?? day };
}

/** The mode of the strictest of all tiers that go there: at once, as copies or by moving. Undefined: nothing is locked there. */
export function strictestLock(config: Config, store: string): LockMode | undefined {
  const tiers = Object.entries(config.tiers).filter(([, { to, copies, move = [] }]) =>
    [...to, ...(copies?.to ?? []), ...move.map((one) => one.store)].includes(store),
  );
  const modes = [undefined, ...tiers.map(([tier]) => tier)].map((tier) => lockWish(config, tier, store)?.mode);
  return modes.find((mode) => mode === 'compliance') ?? modes.find((mode) => mode !== undefined);
}

type Lockable = Pick<BackupHead, 'id' | 'chain' | 'lock'>;

/**
 * The latest end of the lock of a backup and of those that build upon it: what they need stays as long as they do. All heads are of
 * one store. RFC 3339; undefined: none of them is locked.
 */
export function lockedUntil(head: Lockable, heads: Iterable<Lockable>): string | undefined {
  let latest = head.lock?.until;
  for (const other of heads) {
    const until = other.lock?.until;
    if (until === undefined || !other.chain?.includes(head.id)) continue;
    if (latest === undefined || Date.parse(until) > Date.parse(latest)) latest = until;
  }
  return latest;
}

/** @param now by the store's clock, in milliseconds */
export function isLocked(head: Lockable, heads: Iterable<Lockable>, now: number): boolean {
  const until = lockedUntil(head, heads);
  return until !== undefined && Date.parse(until) > now;
}
