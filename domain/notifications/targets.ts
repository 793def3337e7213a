/** Who is told of what happens to a backup. */
import type { Config } from '../config/types';

type Notifying = Pick<Config, 'tiers' | 'retention'>;

/** Those that its tier names, else those that retention names for all. */
export function targetsFor({ tiers, retention }: Notifying, tier: string | undefined): string[] {
  return (tier === undefined ? undefined : tiers[tier]?.notify) ?? retention.notify ?? [];
}

/** One group for each set of targets; what nobody is told of is in none. */
export function byTargets<T>(all: T[], targetsOf: (one: T) => string[]): { targets: string[]; of: T[] }[] {
  const groups = Map.groupBy(all, (one) => targetsOf(one).toSorted().join(' '));
  groups.delete('');
  return [...groups].map(([targets, of]) => ({ targets: targets.split(' '), of }));
}
