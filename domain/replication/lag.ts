/** How late copies are: the age of the oldest backup that a store should have and has not. */
import type { LackingCopy } from './wanted';

export interface CopyLag {
  site: string;
  store: string;
  /** Backups that it should have and has not. */
  missing: number;
  oldest?: string;
  /** Since the oldest of them counts; 0: none is missing. */
  ageSeconds: number;
  /** By when it was promised. */
  withinSeconds: number;
  late: boolean;
}

/** One for each store that is to have copies of the site. */
export function copyLags(
  site: string,
  lacking: LackingCopy[],
  stores: { store: string; within: number }[],
  now: number,
): CopyLag[] {
  return stores.map(({ store, within }) => {
    const missing = lacking.filter(({ to }) => to.includes(store));
    const [oldest] = missing;
    const age = oldest === undefined ? 0 : Math.max(0, now - Date.parse(oldest.endedAt));
    const late = missing.some((one) => now - Date.parse(one.endedAt) > one.within);
    return {
      ...{ site, store, missing: missing.length, ageSeconds: age / 1000 },
      ...(oldest && { oldest: oldest.backupId }),
      ...{ withinSeconds: (oldest?.within ?? within) / 1000, late },
    };
  });
}
