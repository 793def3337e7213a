/**
 * Moves to other stores as retention sees them. Guaranteed: a backup leaves a store for the one below only when its copy there, and of all that it builds upon, is
 * complete, was shown to be right, and stays there by that store's own rules; whoever cannot be seen has nothing.
 */
import type { BackupHead } from '../backup';
import type { Config, TierConfig } from '../config/types';
import { isHeld } from '../replication/wanted';
import { stagesBelow } from '../store-moves';
import { isFailing } from '../verification/proven';
import { newestFirst, recordedAt } from './order';
import { planStore, wantedByRules } from './plan';
import type { Below, PlanOptions, StoreView } from './types';

export type SeenStore = Pick<StoreView, 'store' | 'heads' | 'now'>;

export interface MoveOptions {
  tiers: Config['tiers'];
  /** How the store of a name is judged. */
  optionsOf: (store: string) => PlanOptions;
}

/** What is known of a backup is what is known best of it, of all stores below. */
const order: Below['state'][] = ['whole', 'lacking', 'unseen', 'unwanted'];

/** @returns where each backup of a store belongs that has left it, and how it is there; undefined: no tier moves anything from it */
export function belowOf(
  view: SeenStore,
  seen: SeenStore[],
  { tiers, optionsOf }: MoveOptions,
): ((head: BackupHead) => Below | undefined) | undefined {
  const leads = Object.values(tiers).some((tier) => stagesBelow(tier, view.store, Number.POSITIVE_INFINITY).length > 0);
  if (!leads && view.heads.every(({ moved }) => moved === undefined)) return undefined;
  const targets = new Map(view.heads.map((head) => [head.id, targetsOf(head, tiers[head.tier ?? ''], view)]));
  const lower = new Map<string, Lower>();
  const lowerOf = (there: SeenStore): Lower => {
    const coming = () => view.heads.filter(({ id }) => targets.get(id)?.includes(there.store));
    const known = lower.get(there.store) ?? new Lower(there, coming(), optionsOf(there.store));
    lower.set(there.store, known);
    return known;
  };
  return (head) => {
    const found = (targets.get(head.id) ?? []).map((to): Below => {
      const there = seen.find(({ store }) => store === to);
      return there === undefined ? { to, state: 'unseen' } : { to, ...lowerOf(there).stateOf(head) };
    });
    return order.flatMap((state) => found.filter((one) => one.state === state))[0];
  };
}

function targetsOf(head: BackupHead, tier: TierConfig | undefined, { store, now }: SeenStore): string[] {
  if (head.status !== 'completed' && head.moved === undefined) return [];
  const stages = tier === undefined ? [] : stagesBelow(tier, store, now - recordedAt(head));
  if (stages.length > 0) return stages.map((stage) => stage.store);
  return head.moved === undefined ? [] : [head.moved.to];
}

/** A store that backups come to. */
class Lower {
  private readonly byId: Map<string, BackupHead>;
  private stays?: Set<string>;
  private wanted?: Set<string>;

  constructor(
    private readonly there: SeenStore,
    /** What belongs there by its age. */
    private readonly coming: BackupHead[],
    private readonly options: PlanOptions,
  ) {
    this.byId = new Map(there.heads.map((head) => [head.id, head]));
  }

  stateOf({ id, chain = [] }: BackupHead): Omit<Below, 'to'> {
    const head = this.byId.get(id);
    const isThere = isGround(head) && isWhole(head) && chain.every((link) => isGround(this.byId.get(link)));
    if (isThere && head.status === 'completed' && this.staying().has(id))
      return { state: 'whole', at: head.proofs?.find(({ level }) => level === 'quick')?.at ?? head.verifiedAt ?? '' };
    // What came down and went by the rules of that store is not brought there again.
    if (isThere || !this.wantedThere().has(id)) return { state: 'unwanted' };
    return { state: 'lacking' };
  }

  /** By what the store is to keep for itself. */
  private staying(): Set<string> {
    const { heads, now, store } = this.there;
    const alone = { store, heads, now, damaged: [], spared: [], leases: [], holdsBackups: true };
    this.stays ??= new Set(
      planStore(alone, this.options).flatMap(({ backupId, action }) =>
        action === 'keep' || action === 'move' ? [backupId] : [],
      ),
    );
    return this.stays;
  }

  /** If all that belongs there were there. */
  private wantedThere(): Set<string> {
    if (this.wanted) return this.wanted;
    const { heads, now } = this.there;
    const whole = heads.filter((head) => head.status === 'completed' && isWhole(head));
    const known = new Set(whole.map(({ id }) => id));
    const coming = this.coming.filter(({ id }) => !known.has(id));
    const all = [...whole, ...coming.map((head) => ({ ...head, status: 'completed' as const }))];
    const ordered = newestFirst(
      all.filter(({ site }) => site === this.options.site),
      now,
    );
    this.wanted = new Set(wantedByRules(ordered, this.options, now).map(([{ head }]) => head.id));
    return this.wanted;
  }
}

/** What was never looked at in its own store is not counted upon. */
function isWhole(head: BackupHead): boolean {
  return head.verifiedAt !== undefined && !isFailing(head.proofs);
}

/** It was looked at when what builds upon it was copied. */
function isGround(head: BackupHead | undefined): head is BackupHead {
  return head !== undefined && isHeld(head) && !isFailing(head.proofs);
}
