/** What contradicts a move to another store: each step goes to a store of its own, later than the one before, and never to a hotter one. */
import type { Problem } from './problems';
import type { ParsedConfig } from './schema';
import { isFrozenStore } from './schema-storage';
import { type StorageLevel, type StoreConfig, storageLevels, type TierConfig } from './types';

type ParsedTier = ParsedConfig['tiers'][string];

export function storeMoveProblems(
  name: string,
  { move = [], type, copies }: ParsedTier,
  { to, immutable }: Pick<TierConfig, 'to' | 'immutable'>,
  stores: Record<string, StoreConfig>,
): Problem[] {
  if (move.every(({ store }) => store === undefined)) return [];
  const at = (step: number, key: string, message: string): Problem => ({
    path: ['tiers', name, 'move', step, key],
    message,
  });
  const problems: Problem[] = [];
  if (type === 'point')
    problems.push({
      path: ['tiers', name, 'move'],
      message: 'expected no store with type point: only the newest are kept',
    });
  if (to.length === 0)
    problems.push({ path: ['tiers', name, 'move'], message: 'expected a store that is left for the backup itself' });
  let from = to[0] ?? '';
  const visited = new Set(to);
  for (const [step, { after, store, class: named }] of move.entries()) {
    const before = move[step - 1];
    if (before !== undefined && after <= before.after)
      problems.push(at(step, 'after', 'expected a greater age than that of the step before'));
    if (store === undefined) {
      const key = named === undefined ? 'to' : 'class';
      if (from !== to[0] && stores[from]?.kind === 'dir')
        problems.push(at(step, key, `expected a store of kind s3 before it: ${from}, a directory, has no classes`));
      continue;
    }
    const there = stores[store];
    if (there === undefined) continue; // told as a name that nothing has
    if (visited.has(store))
      problems.push(at(step, 'store', `expected another store than those before it: ${store} is one of them`));
    else if (copies?.to.includes(store))
      problems.push(at(step, 'store', `expected another store than those of copies: ${store} is one of them`));
    if (isHotter(there, stores[from]))
      problems.push(
        at(step, 'store', `expected a store that is no hotter than ${from}: ${store} is of level ${levelOf(there)}`),
      );
    if (immutable !== undefined && there.kind === 'dir' && there.level !== 'archive')
      problems.push(at(step, 'store', `expected a store that can lock: ${store} cannot, being a directory`));
    visited.add(store);
    from = store;
  }
  return problems;
}

/** Where it is not said: by what its class is for. */
function levelOf(store: StoreConfig): StorageLevel | undefined {
  if (store.level !== undefined || store.kind === 'dir') return store.level;
  if (isFrozenStore(store)) return 'archive';
  return store.storageClass === undefined || store.storageClass === 'STANDARD' ? undefined : 'cold';
}

function isHotter(store: StoreConfig, than: StoreConfig | undefined): boolean {
  const [here, before] = [levelOf(store), than && levelOf(than)];
  return here !== undefined && before !== undefined && storageLevels.indexOf(here) < storageLevels.indexOf(before);
}
