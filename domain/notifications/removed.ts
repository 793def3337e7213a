/** That backups were removed, or archived since no rule keeps them and they may not be: how many, which, and why. */
import { keepRulesOf, showRules } from '../config/keep';
import type { Config } from '../config/types';
import { formatBytes } from '../config/units';
import type { Going } from '../retention/types';
import { type Addressed, firstOf, namedAtMost } from './notice';
import { byTargets, targetsFor } from './targets';

interface Removal {
  event: keyof typeof words;
  system: string;
  site: string;
  store: string;
  /** Key of the plan that chose them, in that store. */
  plan: string;
  /** Those that it happened to. */
  gone: Going[];
}

const words = {
  backups_removed: { done: 'removed', where: 'from' },
  backups_archived: { done: 'archived', where: 'in' },
};

export function removalNotices(config: Pick<Config, 'tiers' | 'retention'>, removal: Removal): Addressed[] {
  const { event, system, site, store, plan } = removal;
  const { done, where } = words[event];
  return byTargets(removal.gone, ({ tier }) => targetsFor(config, tier)).map(({ targets, of }) => {
    const count = of.length;
    const storedBytes = of.reduce((sum, one) => sum + one.storedBytes, 0);
    const tiers = [...Map.groupBy(of, ({ tier }) => tier ?? '')].map(([tier, own]) => ({
      ...{ tier, count: own.length, keeps: rulesOf(config, tier, store) },
      why: [...new Set(own.map(({ why }) => why))].slice(0, namedAtMost),
    }));
    return {
      targets,
      notice: {
        ...{ event, system, site },
        subject: `${count} ${count === 1 ? 'backup was' : 'backups were'} ${done} ${where} ${store} (${system} ${site})`,
        lines: [
          `${done}: ${firstOf(of.map(({ backupId }) => backupId))}`,
          `stored in ${formatBytes(storedBytes)}`,
          ...tiers.slice(0, namedAtMost).map(lineOf),
          `the plan: ${plan} in ${store}`,
        ],
        facts: {
          ...{ store, count, storedBytes, plan, tiers: tiers.slice(0, namedAtMost) },
          first: of.slice(0, namedAtMost).map(({ backupId }) => backupId),
        },
      },
    };
  });
}

function rulesOf({ tiers }: Pick<Config, 'tiers'>, name: string, store: string): string {
  const tier = tiers[name];
  return tier === undefined ? 'no tier' : showRules(keepRulesOf(tier, store));
}

function lineOf({ tier, count, keeps, why }: { tier: string; count: number; keeps: string; why: string[] }): string {
  return tier === ''
    ? `${count} of no tier: ${why.join('; ')}`
    : `${count} of tier ${tier} (${keeps}): ${why.join('; ')}`;
}
