/** Procedures of others, by the protocol that real ones follow: a lease on whatever they rely on, until they have published. */
import type { BackupHead, BackupType, Proof } from '../../../domain/backup';
import { isHoldfastError } from '../../../domain/errors';
import { putHead } from '../../../repository/heads';
import { isBeingRemoved, releaseLease, takeLease } from '../../../repository/leases';
import { withProof } from '../../../repository/proofs';
import type { MemoryStore } from '../../support/memory-store';
import { lsnText, type Position } from './database';
import { hour, minute, objectsOf, type World } from './world';

export interface Order {
  site: string;
  tier: string;
  incremental: boolean;
  filesOnly: boolean;
  stores: MemoryStore[];
  point?: boolean;
  /** How far beyond everything its clock is. */
  ahead?: number;
  /** Lets others take their turn. */
  pause?: () => Promise<void>;
}

/** @returns its id; undefined when nothing was made */
export async function backUp(world: World, order: Order): Promise<string | undefined> {
  const { site, tier, stores, ahead = 0, pause = async () => {} } = order;
  const database = world.database(site);
  const parent = order.incremental || order.point ? parentOf(world, order) : undefined;
  if (order.point && !sourceOf(world, order)) return undefined;
  const type: BackupType = parent ? 'incremental' : 'full';
  const host = world.now + world.jump + ahead;
  const id = idOf(world, site, type, host);
  if (id === undefined) return undefined;
  const chain = parent ? [...(parent.chain ?? []), parent.id] : [];
  const holder = `backup/${id}`;
  if (!(await lease(world, stores, chain, holder))) return undefined;
  await pause();
  const begin = database.position;
  const startedAt = new Date(host).toISOString();
  const storedAt = new Date(world.now).toISOString();
  const head: BackupHead = { ...headOf(order, id, type, startedAt, chain), storedAt };
  for (const store of stores) {
    await putHead(world.copyOf(store), head);
    for (const key of objectsOf(id)) await store.put(key, Buffer.from(id));
    await pause();
  }
  database.advance(1);
  const end = database.position;
  for (const store of stores) {
    const exact = world.jump !== 0 || ahead !== 0 || world.count % 3 > 0;
    const endedAt = new Date(host + minute / 2).toISOString();
    await putHead(world.copyOf(store), {
      ...withProof({ ...head, status: 'completed', endedAt }, readBack(endedAt)),
      storedAt: exact ? storedAt : undefined,
      ...(order.point
        ? { marks: { db: markOf(end, startedAt) } }
        : order.filesOnly
          ? {}
          : { databases: { db: spanOf(begin, end) } }),
    });
  }
  world.truths.set(id, { id, site, tier, at: world.now, begin, end, chain });
  await pause();
  await release(world, stores, chain, holder);
  return id;
}

/** As publication and copying leave it: its checksums are right, and nobody restored it. */
function readBack(at: string): Proof {
  return { level: 'quick', at, seconds: 1, outcome: 'passed' };
}

function headOf(order: Order, id: string, type: BackupType, startedAt: string, chain: string[]): BackupHead {
  const { site, tier, stores, filesOnly, point } = order;
  const summary = { runs: 1, packs: 1, files: 1, bytes: 10, storedBytes: 10, warnings: [] };
  return {
    ...{ id, system: 'shop', site, tier, type, status: 'creating' as const, startedAt },
    components: {
      files: { kind: 'files', ...summary },
      ...(filesOnly || point ? {} : { db: { kind: 'postgres', ...summary } }),
    },
    ...{ bytes: 10, storedBytes: 10, stores: stores.map(({ name }) => name), location: '/' },
    ...(chain.length > 0 && { chain }),
  };
}

function spanOf(begin: Position, end: Position) {
  const { system: systemIdentifier, timeline } = begin;
  return { systemIdentifier, timeline, startLsn: lsnText(begin.lsn), stopLsn: lsnText(end.lsn) };
}

function markOf({ system: systemIdentifier, timeline, lsn }: Position, at: string) {
  return { systemIdentifier, timeline, lsn: lsnText(lsn), at };
}

/** As real ids: kind before time, and time by the host's clock. */
function idOf(world: World, site: string, type: BackupType, host: number): string | undefined {
  world.count++;
  const stamp = new Date(host + (world.count % 60) * 1000)
    .toISOString()
    .slice(0, 19)
    .replaceAll(/[-:]/g, '')
    .replace('T', '_');
  const id = `shop_${site}_${type}_${stamp}`;
  return world.truths.has(id) || world.stores.some((store) => world.head(store, id)) ? undefined : id;
}

/** The newest that every store has whole. */
function parentOf(world: World, { site, stores, filesOnly, point }: Order): BackupHead | undefined {
  const first = stores[0] as MemoryStore;
  return world
    .heads(first)
    .filter((head) => head.site === site && (point || filesOnly || head.components['db'] !== undefined))
    .sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1))
    .find((head) =>
      stores.every((store) => {
        const own = world.head(store, head.id);
        return (
          own?.status === 'completed' &&
          (head.chain?.length ?? 0) < 5 &&
          [...(head.chain ?? []), head.id].every((id) => world.head(store, id) && world.isWhole(store, id))
        );
      }),
    );
}

/** A point is made only where replay can begin. */
function sourceOf(world: World, { site, stores }: Order): boolean {
  const here = world.database(site);
  return stores.every((store) =>
    world.heads(store).some(({ id, status, databases }) => {
      const truth = world.truths.get(id);
      return status === 'completed' && databases !== undefined && truth && here.leads(truth.end, here.position);
    }),
  );
}

async function lease(world: World, stores: MemoryStore[], ids: string[], holder: string): Promise<boolean> {
  try {
    for (const store of stores)
      for (const backupId of ids)
        await takeLease(world.copyOf(store), { backupId, kind: 'backup', holder, ms: 100 * hour });
    return true;
  } catch (error) {
    if (!isHoldfastError(error) || error.code !== 'backup_unusable') throw error;
    await release(world, stores, ids, holder);
    return false;
  }
}

async function release(world: World, stores: MemoryStore[], ids: string[], holder: string): Promise<void> {
  for (const store of stores) for (const id of ids) await releaseLease(world.copyOf(store), id, holder);
}

export async function unfinished(world: World, order: Order, status: 'failed' | 'creating'): Promise<void> {
  const id = idOf(world, order.site, 'full', world.now + world.jump);
  if (id === undefined) return;
  const startedAt = new Date(world.now + world.jump).toISOString();
  for (const store of order.stores) {
    const head = headOf(order, id, 'full', startedAt, []);
    await putHead(world.copyOf(store), { ...head, status, ...(status === 'failed' && { endedAt: startedAt }) });
    await store.put(objectsOf(id)[1] as string, Buffer.from(id));
  }
}

/** Into the other store, with all that it builds upon. */
export async function copyAcross(world: World, head: BackupHead, from: MemoryStore, to: MemoryStore): Promise<void> {
  const ids = [...(head.chain ?? []), head.id];
  const holder = `copy/${head.id}`;
  for (const id of ids) if (await isBeingRemoved(world.copyOf(to), id)) return;
  if (!(await lease(world, [from, to], ids, holder))) return;
  for (const id of ids) {
    const [source, there] = [world.head(from, id), world.head(to, id)];
    if (source === undefined || there !== undefined) continue;
    for (const key of objectsOf(id)) await to.put(key, Buffer.from(id));
    const { provenAt, proofs, archived, storageClass, ...described } = source;
    const copied = { ...described, stores: [from.name, to.name] };
    await putHead(world.copyOf(to), withProof(copied, readBack(new Date(world.now).toISOString())));
    world.shown.delete(`${to.name}/${id}`);
  }
  await release(world, [from, to], ids, holder);
}

/** @returns undefined when it was refused */
export async function beginRestore(world: World, head: BackupHead, store: MemoryStore): Promise<boolean> {
  const ids = [...(head.chain ?? []), head.id];
  const holder = `restore/${world.count++}`;
  if (!(await lease(world, [store], ids, holder))) return false;
  world.restores.push({ holder, ids, store });
  return true;
}

/** Holders renew in time. */
export async function renewRestores(world: World): Promise<void> {
  for (const { holder, ids, store } of world.restores)
    for (const backupId of ids)
      await takeLease(world.copyOf(store), { backupId, kind: 'restore', holder, ms: 100 * hour });
}

export async function endRestore(world: World): Promise<void> {
  const restore = world.restores.shift();
  if (restore) await release(world, [restore.store], restore.ids, restore.holder);
}
