/** The class in which packs are archived in a store: of what no rule keeps any more, and what may not be deleted all the same. */
import { type Config, storageClasses } from './config/types';
import type { StoreClasses } from './retention/types';
import { classMovesIn } from './store-moves';

export type ClassConfig = Pick<Config, 'tiers' | 'stores' | 'retention'>;

/** Of the tier of a name, in one store. Undefined: a directory has no classes. */
export function classesIn(
  { tiers, stores, retention }: ClassConfig,
  store: string,
): (tier: string | undefined) => StoreClasses | undefined {
  const there = stores[store];
  return (name) => {
    if (there?.kind !== 's3') return undefined;
    const own = there.storageClass ?? 'STANDARD';
    const tier = tiers[name ?? ''];
    const moves = tier === undefined ? [] : classMovesIn(tier, store);
    const named = [...moves.map((move) => move.class), retention.archive ?? own];
    return { own, archive: named.reduce((coldest, one) => (isColder(one, coldest) ? one : coldest), own) };
  };
}

/** Classes that are not known here are as warm as can be: nothing is taken out of one for their sake. */
export function isColder(one: string, than: string): boolean {
  const places: readonly string[] = storageClasses;
  return places.indexOf(one) > places.indexOf(than);
}
