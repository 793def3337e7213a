/** What lies in the stores at one moment, as judges compare it. */
import type { BackupHead } from '../../../domain/backup';
import type { MemoryStore } from '../../support/memory-store';
import type { GoneWal, World } from './world';

export interface Seen {
  store: MemoryStore;
  heads: Map<string, BackupHead>;
  whole: Set<string>;
  /** Who said that he needs it, then. */
  leased: Set<string>;
  gone: GoneWal;
}

export function look(world: World): Seen[] {
  return world.stores.map((store) => {
    const heads = new Map(world.heads(store).map((head) => [head.id, head]));
    const whole = new Set([...heads.keys()].filter((id) => world.isWhole(store, id)));
    const leases = store.keys('leases/').map((key) => JSON.parse((store.peek(key) as Buffer).toString()));
    const standing = leases.filter(({ until }) => Date.parse(until) > world.now);
    return {
      store,
      heads,
      whole,
      leased: new Set(standing.map(({ backupId }) => backupId)),
      gone: new Map(world.goneWal),
    };
  });
}

/** All of it but the plan, whose date changes. */
export function fingerprint(world: World): string {
  const parts = world.stores.flatMap((store) =>
    store
      .keys()
      .filter((key) => !key.startsWith('retention/plans/'))
      .map((key) => `${store.name}:${key}=${store.peek(key)?.toString()}`),
  );
  return parts.join('\n');
}
