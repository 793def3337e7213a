/**
 * Retention on stores. Guaranteed: a backup goes in two stages, and between them nobody is left who could not see it coming; whoever needs it at the moment of
 * removal has it, or is refused before he relied on it; every step may be cut or stopped anywhere for as long as may be, and run
 * twice at once. Not guaranteed: that what another program takes away from a store is noticed before the next look; and that a remover gives way who is stopped
 * between the answer that his announcement stands and the one request that follows it, for as long as it takes to take the announcement back, to lease and to read:
 * a store knows no deletion under a condition on another object. An S3 service refuses a request that was signed more than 15 minutes ago; at a directory nothing does.
 *
 * Here: what a store shows of itself.
 */
import { isHoldfastError } from '../../domain/errors';
import type { SeenStore } from '../../domain/retention/moved';
import type { StoreView } from '../../domain/retention/types';
import type { RepositoryCopy } from '../copy';
import { listHeads } from '../heads';
import { standingLeases } from '../leases';
import { backupsPrefix } from '../names';
import { sparedBackups } from './spared';

export async function lookAtStore(copy: RepositoryCopy, signal?: AbortSignal): Promise<StoreView> {
  const now = (await copy.store.clock()).getTime();
  // Before the heads: what is begun meanwhile is not taken for something that lost its head.
  const holds = await holdsBackups(copy);
  // Before them too: who publishes what he built gives his lease back after that, and is seen in the one or the other.
  const leases = await standingLeases(copy);
  const coming = new Set(leases.map(({ backupId }) => backupId));
  const { heads, damaged } = await listHeads(copy, signal);
  const spared = await sparedBackups(copy);
  return {
    store: copy.store.name,
    heads,
    damaged: damaged.map(({ key }) => key),
    spared,
    leases,
    now,
    // The first copy that comes into a region has no entry in its catalog until it is whole.
    holdsBackups: holds && (heads.length > 0 || (await holdsBackups(copy, coming))),
  };
}

/** What others have, as far as they answer: who does not has nothing to count upon. */
export async function headsOf(copies: RepositoryCopy[], signal?: AbortSignal): Promise<SeenStore[]> {
  const seen: SeenStore[] = [];
  for (const copy of copies) {
    try {
      const now = (await copy.store.clock()).getTime();
      seen.push({ store: copy.store.name, heads: (await listHeads(copy, signal)).heads, now });
    } catch (error) {
      if (!isHoldfastError(error) || !error.code.startsWith('store_')) throw error;
    }
  }
  return seen;
}

/** What is pinned, held or leased in one store stands in all: copies serve each other. */
export async function lookAtStores(copies: RepositoryCopy[], signal?: AbortSignal): Promise<StoreView[]> {
  const views = await Promise.all(copies.map((copy) => lookAtStore(copy, signal)));
  const spared = views.flatMap((view) => view.spared);
  const leases = views.flatMap((view) => view.leases);
  return views.map((view) => ({ ...view, spared, leases }));
}

/** Receipts alone are no backup: each store has those of all procedures. */
async function holdsBackups({ store }: RepositoryCopy, except: ReadonlySet<string> = new Set()): Promise<boolean> {
  for await (const { key } of store.list(backupsPrefix))
    if (/\/(?:sealed$|packs\/)/.test(key) && !except.has(key.split('/')[1] ?? '')) return true;
  return false;
}
