/** Levels of storage: what each promises, and how long an archive takes to give back what it holds. */
import type { BackupHead } from './backup';
import type { StorageLevel, StoreConfig } from './config/types';

const hour = 3_600_000;
const day = 24 * hour;

/** How long a level keeps where nothing else is said. */
export const levelKeeps: Record<StorageLevel, number> = { hot: hour, warm: day, cold: 30 * day, archive: 365 * day };

export const thawTiers = ['Bulk', 'Standard', 'Expedited'] as const;
export type ThawTier = (typeof thawTiers)[number];

/** As AWS states them: at the most, for nearly all requests. `DEEP_ARCHIVE` knows no expedited ones, and is asked for standard ones. */
const thawMs: Record<'GLACIER' | 'DEEP_ARCHIVE', Record<ThawTier, number>> = {
  GLACIER: { Bulk: 12 * hour, Standard: 5 * hour, Expedited: 5 * 60_000 },
  DEEP_ARCHIVE: { Bulk: 48 * hour, Standard: 12 * hour, Expedited: 12 * hour },
};

export function isFrozenClass(storageClass: string | undefined): storageClass is keyof typeof thawMs {
  return storageClass === 'GLACIER' || storageClass === 'DEEP_ARCHIVE';
}

/** Whether packs of a copy have to be thawed before they are read: by the class they moved into, or are moving into, else by that of the store. */
export function isFrozenCopy(
  store: StoreConfig | undefined,
  { storageClass, movingTo }: Pick<BackupHead, 'storageClass' | 'movingTo'>,
): boolean {
  return isFrozenClass(movingTo ?? storageClass ?? (store?.kind === 's3' ? store.storageClass : undefined));
}

/** What to ask for, and how long it takes by the service's own word. */
export function thawPlan(storageClass: keyof typeof thawMs, wished: ThawTier): { tier: ThawTier; ms: number } {
  const tier = storageClass === 'DEEP_ARCHIVE' && wished === 'Expedited' ? 'Standard' : wished;
  return { tier, ms: thawMs[storageClass][tier] };
}

/** Looks in the time that the service names: often enough to lose little. */
const looks = 60;
/** Looks in all that the store may wait, when it takes longer than that: a history holds some fifty thousand events, and a look takes about ten. */
const looksLater = 600;

/** How long to wait until the next look at what is being thawed. */
export function thawPace({ ms, wait }: { ms: number; wait: number }, waited: number): number {
  const usual = Math.min(hour / 4, Math.max(1000, Math.min(ms, wait) / looks));
  return waited < 2 * ms ? usual : Math.max(usual, wait / looksLater);
}
