/** The class in which packs are archived in a store: of what no rule keeps any more, and what may not be deleted all the same. */
import { type Config, storageClasses } from './config/types';
import type { StoreClasses } from './retention/types';
import { isFrozenClass } from './storage';
import { classMovesIn, stagesBelow } from './store-moves';

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
    // What is yet to be copied from here to the next store must be read for that.
    const goesOn = tier !== undefined && stagesBelow(tier, store, Number.POSITIVE_INFINITY).length > 0;
    const named = [...moves.map((move) => move.class), retention.archive ?? own].filter(
      (one) => !(goesOn && isFrozenClass(one)),
    );
    return { own, archive: named.reduce((coldest, one) => (isColder(one, coldest) ? one : coldest), own) };
  };
}

/** What is frozen cannot be copied into any other class, a colder one either, unless it is thawed first. */
export function mayChange(from: string, to: string): boolean {
  return from !== to && !isFrozenClass(from);
}

/** Classes that are not known here are as warm as can be: nothing is taken out of one for their sake. */
export function isColder(one: string, than: string): boolean {
  const places: readonly string[] = storageClasses;
  return places.indexOf(one) > places.indexOf(than);
}
