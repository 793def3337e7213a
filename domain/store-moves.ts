/** The way that the backups of a tier go from store to store as they grow older. */
import type { Config, TierConfig } from './config/types';
import type { ClassMove } from './config/types-moves';

/** Where a backup is from an age on. */
export interface Stage {
  store: string;
  /** Milliseconds. */
  after: number;
}

/** Begins with the store that is written first: others of `to` keep what they have by their own rules. */
export function wayDown({ to, move = [] }: Pick<TierConfig, 'to' | 'move'>): Stage[] {
  const stages = move.flatMap(({ after, store }) => (store === undefined ? [] : [{ after, store }]));
  return [...to.slice(0, 1).map((store) => ({ store, after: 0 })), ...stages];
}

/** Where it belongs by its age when it has left a store, the furthest first; empty: it has not, or the store is not on its way. */
export function stagesBelow(tier: Pick<TierConfig, 'to' | 'move'>, store: string, age: number): Stage[] {
  const way = wayDown(tier);
  const here = way.findIndex((stage) => stage.store === store);
  return here < 0 ? [] : way.filter(({ after }, at) => at > here && age >= after).toReversed();
}

export function movesBetweenStores({ tiers }: Pick<Config, 'tiers'>): boolean {
  return Object.values(tiers).some((tier) => wayDown(tier).length > 1);
}

/** Of a store on the way those that come while a backup is in it; of any other all. */
export function classMovesIn({ to, move = [] }: Pick<TierConfig, 'to' | 'move'>, store: string): ClassMove[] {
  const onWay = wayDown({ to, move }).some((stage) => stage.store === store);
  let at = to[0];
  return move.flatMap((one) => {
    if (one.store === undefined) return !onWay || at === store ? [one] : [];
    at = one.store;
    return [];
  });
}
