/** What the configuration says of a backup in a store: its tier's rules, else those of the kind of store. */
import { classesIn } from '../archive-class';
import type { BackupHead } from '../backup';
import { defaultDays, keepRulesOf } from '../config/keep';
import type { Config } from '../config/types';
import type { KeepRules } from '../config/types-retention';
import type { Policy } from './types';

const day = 24 * 3600_000;

/** @param age of one run: stands instead of the days, weeks, months and years that tiers say; whole days, rounded up */
export function policyIn(
  config: Pick<Config, 'tiers' | 'stores' | 'retention' | 'retentionDays'>,
  store: string,
  age?: number,
): (head: BackupHead) => Policy {
  const kind = config.stores[store]?.kind ?? 'dir';
  const classesOf = classesIn(config, store);
  return ({ tier: name, marks }) => {
    const tier = name === undefined ? undefined : config.tiers[name];
    // A point of a tier that makes none any more is kept as long as any backup.
    const fits = tier !== undefined && (tier.type === 'point') === (marks !== undefined);
    const rules = fits ? keepRulesOf(tier, store) : { days: defaultDays(kind, config.retentionDays) };
    return {
      rules: age === undefined ? rules : withAge(rules, age),
      strategy: fits ? tier.strategy : 'fifo',
      compliance: tier?.retentionClass === 'compliance' && marks === undefined,
      classes: classesOf(name),
      ...(name !== undefined && tier === undefined && age === undefined && { forgotten: name }),
    };
  };
}

function withAge({ days, weeks, months, years, ...others }: KeepRules, age: number): KeepRules {
  return { ...others, days: Math.ceil(age / day) };
}
