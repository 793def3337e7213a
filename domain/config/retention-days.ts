import type { Config, TierConfig } from './types';

/** Days that a backup of a tier is promised to be kept; without a tier, or one that only counts backups, the general ones. */
export function retentionDaysOf(config: Config, tier: string | undefined): number {
  const keep = tier === undefined ? undefined : config.tiers[tier]?.keep;
  return (keep && keptDays(keep)) || config.retentionDays;
}

/** 0 where only numbers of backups are said. */
export function keptDays({ days = 0, weeks = 0, months = 0 }: TierConfig['keep']): number {
  return Math.max(days, weeks * 7, months * 30);
}
