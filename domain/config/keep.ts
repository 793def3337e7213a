/** Which rules keep the backups of a tier in a store: those of the file, else those of the kind of store. */
import type { ParsedConfig } from './schema';
import type { StoreConfig, TierConfig } from './types';
import type { KeepRules, TierKeep } from './types-retention';
import { formatBytes } from './units';

type ParsedKeep = ParsedConfig['tiers'][string]['keep'];

/** Away from the machine there is room, and what is lost is noticed later. */
const remoteDays = 90;

/** Of every store: a tier's copies go where it does not say. */
export function keepOf(parsed: ParsedKeep, stores: Record<string, StoreConfig>, retentionDays: number): TierKeep {
  const { stores: named = {}, ...general } = parsed ?? {};
  const own = Object.fromEntries(Object.entries(named).filter(([, rules]) => saysSomething(rules)));
  if (saysSomething(general)) return { ...general, stores: own };
  const remote = Object.keys(stores).filter((store) => stores[store]?.kind === 's3' && own[store] === undefined);
  const days = defaultDays('s3', retentionDays);
  return { days: retentionDays, stores: { ...Object.fromEntries(remote.map((store) => [store, { days }])), ...own } };
}

/** Where no tier says anything. */
export function defaultDays(kind: StoreConfig['kind'], retentionDays: number): number {
  return kind === 's3' ? Math.max(remoteDays, retentionDays) : retentionDays;
}

export function keepRulesOf({ keep }: Pick<TierConfig, 'keep'>, store: string): KeepRules {
  const { stores, ...general } = keep;
  return stores[store] ?? general;
}

/** For people: `last 30, days 30`. */
export function showRules(rules: KeepRules): string {
  return Object.entries(rules)
    .map(([rule, value]) => `${rule} ${rule === 'size' ? formatBytes(value) : value}`)
    .join(', ');
}

function saysSomething(rules: KeepRules): boolean {
  return Object.values(rules).some((rule) => rule !== undefined);
}
