/** What tiers want copied, as it is meant: defaults filled in, contradictions told. */
import type { Problem } from './problems';
import type { ParsedConfig } from './schema';
import type { Config, CopiesConfig, Milliseconds } from './types';

type ParsedTier = ParsedConfig['tiers'][string];

/** Where everything goes that names no stores: a store with a role gets copies only, unless all have one. */
export function ownStores(stores: Record<string, { role?: string | undefined }>): string[] {
  const names = Object.keys(stores);
  const own = names.filter((name) => stores[name]?.role === undefined);
  return own.length > 0 ? own : names;
}

/** Stores of the tier's backups where it names none: those that copies go to, or that they move to, are not among them. */
export function storesBesideCopies(
  { copies, move = [] }: Pick<ParsedTier, 'copies' | 'move'>,
  own: string[],
): string[] {
  return own.filter((store) => copies?.to.includes(store) !== true && move.every((one) => one.store !== store));
}

export function copiesOf({ copies }: ParsedTier, within: Milliseconds): { copies?: CopiesConfig } {
  return copies === undefined ? {} : { copies: { ...copies, within: copies.within ?? within } };
}

export function copiesProblems(name: string, { copies, to = [] }: ParsedTier, own: string[]): Problem[] {
  if (copies === undefined) return [];
  const problems: Problem[] = [];
  const at = ['tiers', name, 'copies'];
  for (const store of copies.to.filter((one) => to.includes(one)))
    problems.push({ path: [...at, 'to'], message: `expected other stores than those of to: ${store} is in both` });
  if (to.length === 0 && storesBesideCopies({ copies }, own).length === 0)
    problems.push({ path: [...at, 'to'], message: 'expected a store that is left for the backup itself' });
  if (copies.success !== 'all' && copies.success > copies.to.length) {
    const message = `expected at most ${copies.to.length}, the number of stores that get a copy`;
    problems.push({ path: [...at, 'success'], message });
  }
  return problems;
}

/** By name of a store, or by a role or the cloud's region that one or several stores have. */
export function storesOfRegion({ stores }: Pick<Config, 'stores'>, region: string): string[] {
  if (Object.hasOwn(stores, region)) return [region];
  return Object.entries(stores)
    .filter(([, store]) => store.role === region || (store.kind === 's3' && store.region === region))
    .map(([name]) => name);
}
