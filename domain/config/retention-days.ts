import type { Config } from './types';

/** Days that a backup of a tier is promised to be kept; without a tier, or one that only counts backups, the general ones. */
export function retentionDaysOf(config: Config, tier: string | undefined): number {
  const keep = tier === undefined ? undefined : config.tiers[tier]?.keep;
  const days = Math.max(keep?.days ?? 0, (keep?.weeks ?? 0) * 7, (keep?.months ?? 0) * 30);
  return days > 0 ? days : config.retentionDays;
}
