/** Moves between stores, by the protocol of the procedure: what ships says what is due, and a copy counts when all of it is there. */
import type { BackupHead } from '../../../domain/backup';
import { type Interval, merge, without } from '../../../domain/intervals';
import { dueStoreMoves } from '../../../domain/retention/due-moves';
import type { MemoryStore } from '../../support/memory-store';
import { copyAcross } from './procedures';
import type { Truth, World } from './world';

/** @param most so many copies are made before the process ends */
export async function moveDown(world: World, site: string, most: number): Promise<void> {
  const seen = world.stores.map((store) => ({ store: store.name, heads: world.heads(store), now: world.now }));
  const { copies, again } = dueStoreMoves(world.config, site, seen);
  const named = (name: string) => world.stores.find((store) => store.name === name) as MemoryStore;
  for (const { backupId, store } of again) {
    const head = world.head(named(store), backupId);
    const { expiredAt: _, moved: __, ...rest } = head ?? {};
    if (head) await world.putHead(named(store), { ...head, ...rest, status: 'completed' });
  }
  for (const { backupId, to } of copies.slice(0, most)) {
    const from = world.stores.find((store) => store.name !== to) as MemoryStore;
    const [head, truth] = [world.head(from, backupId), world.truths.get(backupId)];
    if (head === undefined || truth === undefined) continue;
    bringWal(world, from, named(to), truth);
    await copyAcross(world, head, from, named(to));
    const there = world.head(named(to), backupId);
    if (there) await foundRight(world, named(to), there);
  }
}

/** One that was damaged is read and put right. */
async function foundRight(world: World, store: MemoryStore, head: BackupHead): Promise<void> {
  const at = new Date(world.now).toISOString();
  const proofs = (head.proofs ?? []).filter(({ level, outcome }) => level !== 'quick' && outcome !== 'failed');
  const quick = { level: 'quick', at, seconds: 1, outcome: 'passed' } as const;
  await world.putHead(store, { ...head, verifiedAt: at, proofs: [...proofs, quick] });
  const { proven } = world.shown.get(`${store.name}/${head.id}`) ?? {};
  world.shown.set(`${store.name}/${head.id}`, proven === undefined ? {} : { proven });
}

/** From the backup's beginning on what the one lacks and the other has. */
function bringWal(world: World, from: MemoryStore, to: MemoryStore, { begin }: Truth): void {
  for (const [key, gone] of [...world.goneWal]) {
    const [store, system, timeline] = key.split('/');
    if (store !== to.name || system !== begin.system || Number(timeline) < begin.timeline) continue;
    const brought: Interval<bigint>[] = without(
      [{ from: Number(timeline) === begin.timeline ? begin.lsn : 0n, to: 1n << 62n }],
      merge((world.goneWal.get(`${from.name}/${system}/${timeline}`) ?? []).map((one) => ({ ...one }))),
    );
    world.goneWal.set(key, without(gone, brought));
  }
}
