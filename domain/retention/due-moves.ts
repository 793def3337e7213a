/** What is to be copied to the store below, and what a store above is to offer again since the copy below it is there no more. */
import type { Config } from '../config/types';
import type { ToldMove } from '../moves';
import { belowOf, type SeenStore } from './moved';
import { recordedAt } from './order';
import { optionsFor } from './plan-site';

export interface DueCopy {
  backupId: string;
  to: string;
  /** Who hears of it, and how much it is; absent: nobody. */
  told?: ToldMove;
}

export interface DueMoves {
  /** Oldest first. */
  copies: DueCopy[];
  /** Expired where they are, since they had moved. */
  again: { backupId: string; store: string }[];
}

type MoveConfig = Pick<Config, 'tiers' | 'stores' | 'retention' | 'retentionDays' | 'sites'>;

export function dueStoreMoves(config: MoveConfig, site: string, seen: SeenStore[]): DueMoves {
  const options = { config, site, partial: true };
  const copies = new Map<string, DueCopy & { at: number }>();
  const again: DueMoves['again'] = [];
  for (const view of seen) {
    const below = belowOf(view, seen, { tiers: config.tiers, optionsOf: (store) => optionsFor(store, options) });
    if (below === undefined) continue;
    for (const head of view.heads) {
      if (head.site !== site) continue;
      const there = below(head);
      if (there?.state !== 'lacking') continue;
      if (head.status === 'expired') again.push({ backupId: head.id, store: view.store });
      copies.set(`${head.id} ${there.to}`, { backupId: head.id, to: there.to, at: recordedAt(head) });
    }
  }
  const ordered = [...copies.values()].sort((a, b) => a.at - b.at || (a.backupId < b.backupId ? -1 : 1));
  return { copies: ordered.map(({ backupId, to }) => ({ backupId, to })), again };
}
