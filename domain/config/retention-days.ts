import { keepRulesOf } from './keep';
import type { Config } from './types';
import type { KeepRules } from './types-retention';

/** Never shorter than what is said: a month has 31 days, a year 366. */
const lengths = [
  [1, 'days', 'daily'],
  [7, 'weeks', 'weekly'],
  [31, 'months', 'monthly'],
  [366, 'years', 'yearly'],
] as const;

export const complianceDays = 7 * 366;

/** By age alone; 0 where no rule speaks of age. */
export function keptDays(rules: KeepRules): number {
  return Math.max(0, ...lengths.map(([days, unit]) => (rules[unit] ?? 0) * days));
}

/**
 * Days that a backup of a tier is promised to be kept; without a tier, or one that only counts backups, the general ones.
 * @param store absent: where it is kept the longest
 */
export function retentionDaysOf(config: Config, tierName: string | undefined, store?: string): number {
  const tier = tierName === undefined ? undefined : config.tiers[tierName];
  if (tier === undefined) return config.retentionDays;
  if (tier.retentionClass === 'compliance') return complianceDays;
  const days = Math.max(
    ...(store === undefined ? tier.to : [store]).map((one) => {
      const rules = keepRulesOf(tier, one);
      const periods = lengths.map(([length, , unit]) => (rules[unit] ?? 0) * length);
      return Math.max(keptDays(rules), ...periods);
    }),
  );
  return days > 0 ? days : config.retentionDays;
}
