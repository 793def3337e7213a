/** Which backups lack a copy that is wanted, from what each store's catalog says. */
import type { BackupHead } from '../backup';
import type { Config, CopiesConfig } from '../config/types';

export interface Holding {
  store: string;
  /** All that the store has, whatever its state. */
  heads: BackupHead[];
  /** Ids of heads that cannot be read: nothing is said of those. */
  unreadable: ReadonlySet<string>;
}

export interface LackingCopy {
  backupId: string;
  startedAt: string;
  /** When it began to count. */
  endedAt: string;
  tier?: string;
  storedBytes: number;
  /** In the order in which they are wanted. */
  to: string[];
  /** How many of these make the copying a success: those that are there count too. */
  enough: number;
  /** Milliseconds after `endedAt` by which the copies were promised. */
  within: number;
}

/**
 * Oldest first. What a store holds that is not among the holdings (it is away) is what the others say of it. A copy that a store once had and has no more was removed there, and is not made again unless `stores` asks for it, or the store has
 * nothing at all: then it was lost.
 */
export function lackingCopies(
  config: Pick<Config, 'tiers' | 'replication'>,
  site: string,
  holdings: Holding[],
  stores?: string[],
): LackingCopy[] {
  const sources = new Map<string, BackupHead>();
  for (const { heads } of holdings) {
    for (const head of heads) {
      const known = sources.get(head.id);
      if (head.site !== site || head.status !== 'completed') continue;
      sources.set(head.id, known ? { ...known, stores: [...new Set([...known.stores, ...head.stores])] } : head);
    }
  }
  const held = new Map(holdings.map((one) => [one.store, new Held(one)]));
  const lacking: LackingCopy[] = [];
  for (const head of sources.values()) {
    const tier = head.tier === undefined ? undefined : config.tiers[head.tier];
    const wanted = stores ?? wantedStores(head, tier);
    const to = wanted.filter(
      (store) => held.get(store)?.lacks(head, stores !== undefined) ?? !head.stores.includes(store),
    );
    if (to.length === 0) continue;
    const { id: backupId, startedAt, endedAt = startedAt, storedBytes } = head;
    const within = tier?.copies?.within ?? config.replication.within;
    const there = (store: string) => held.get(store)?.offers(head) ?? head.stores.includes(store);
    const enough = enoughOf(to, there, stores === undefined ? tier?.copies : undefined);
    lacking.push({ backupId, startedAt, endedAt, tier: head.tier, storedBytes, to, enough, within });
  }
  return lacking.sort((a, b) => compare(a.startedAt, b.startedAt) || compare(a.backupId, b.backupId));
}

/** Those for copies, and those that it was published for: one may have been cut off. */
function wantedStores(head: BackupHead, tier: Config['tiers'][string] | undefined): string[] {
  const published = (tier?.to ?? []).filter((store) => head.stores.includes(store));
  return [...new Set([...published, ...(tier?.copies?.to ?? [])])];
}

/** What a store let go by its own rules, or is about to, is no copy; and yet nobody has to make up for it in a store that has its own. */
function enoughOf(lacking: string[], there: (store: string) => boolean, copies: CopiesConfig | undefined): number {
  if (copies === undefined || copies.success === 'all') return lacking.length;
  const made = copies.to.filter((store) => !lacking.includes(store) && there(store)).length;
  const published = lacking.filter((store) => !copies.to.includes(store)).length;
  return Math.min(lacking.length, published + Math.max(0, copies.success - made));
}

class Held {
  private readonly byId: Map<string, BackupHead>;

  constructor(private readonly holding: Holding) {
    this.byId = new Map(holding.heads.map((head) => [head.id, head]));
  }

  /** For as long as may be: it is whole, and has not expired. */
  offers({ id }: BackupHead): boolean {
    const here = this.byId.get(id);
    return here?.status === 'completed' && !isDamaged(here);
  }

  lacks(head: BackupHead, asked: boolean): boolean {
    if (this.holding.unreadable.has(head.id)) return false;
    const here = this.byId.get(head.id);
    if (here !== undefined) return !isHeld(here) || isDamaged(here);
    return asked || !head.stores.includes(this.holding.store) || this.byId.size === 0;
  }
}

/** What expired there is kept or removed there by its own rules. */
export function isHeld({ status }: Pick<BackupHead, 'status'>): boolean {
  return status === 'completed' || status === 'expired';
}

/** The last that was shown of this copy is that it is not right. */
export function isDamaged({ proofs = [] }: Pick<BackupHead, 'proofs'>): boolean {
  const last = proofs.toSorted((a, b) => compare(a.at, b.at)).at(-1);
  return last?.outcome === 'failed';
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
