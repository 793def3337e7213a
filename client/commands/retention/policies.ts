/** `retention policies`: the rules by which each tier lets its backups go, store by store, with every default filled in. From the configuration alone. */
import { keepRulesOf, showRules } from '../../../domain/config/keep';
import { nearestName } from '../../../domain/config/nearest';
import type { Config, TierConfig } from '../../../domain/config/types';
import type { MoveConfig } from '../../../domain/config/types-moves';
import type { KeepRules, RetentionClass, Strategy } from '../../../domain/config/types-retention';
import { formatDuration } from '../../../domain/config/units';
import { HoldfastError } from '../../../domain/errors';
import { classMovesIn, wayDown } from '../../../domain/store-moves';
import { configured, type GlobalOptions, type Outcome } from '../../context';
import { table } from '../../output/table';

interface PolicyRow {
  tier: string;
  store: string;
  strategy: Strategy;
  retentionClass: RetentionClass;
  keep: KeepRules;
  /** By age, while a backup is there: into a colder class, or to the next store on its way. */
  move: MoveConfig[];
}

export async function policies(options: GlobalOptions, named?: string): Promise<Outcome> {
  const { config } = await configured(options);
  const tiers = named === undefined ? Object.keys(config.tiers) : [knownPolicy(config, named)];
  const rows = tiers.flatMap((name) => rowsOf(name, config.tiers[name]));
  const shown = rows.map((row) => [
    ...[row.tier, row.store, row.strategy, showRules(row.keep), row.retentionClass],
    row.move.map(showMove).join(', '),
  ]);
  if (shown.length === 0) return { json: rows, text: 'no tier is configured' };
  return { json: rows, text: table(['TIER', 'STORE', 'STRATEGY', 'KEEPS', 'CLASS', 'MOVES'], shown) };
}

/** @throws HoldfastError `rotation_policy_not_found` with the nearest name */
function knownPolicy({ tiers }: Config, named: string): string {
  if (Object.hasOwn(tiers, named)) return named;
  const known = Object.keys(tiers);
  const near = nearestName(named, known);
  throw new HoldfastError('rotation_policy_not_found', `no tier "${named}" has rules by which its backups go`, {
    hints: [near === undefined ? `known: ${known.join(', ') || 'none'}` : `did you mean "${near}"?`],
  });
}

/** Of every store into which the tier's backups come. */
function rowsOf(name: string, tier: TierConfig | undefined): PolicyRow[] {
  if (tier === undefined) return [];
  const { to, copies, strategy, retentionClass } = tier;
  const way = wayDown(tier);
  const stores = [...to, ...(copies?.to ?? []), ...way.map(({ store }) => store)];
  return [...new Set(stores)].map((store) => ({
    ...{ tier: name, store, strategy, retentionClass },
    keep: keepRulesOf(tier, store),
    move: [...classMovesIn(tier, store), ...way.filter((_, at) => way[at - 1]?.store === store)],
  }));
}

function showMove({ after, store, class: into }: MoveConfig): string {
  return `to ${store ?? into} after ${formatDuration(after)}`;
}
