/** Several stores of which some may fail: who is waited for, who is filled later and from where. */
import type { WalArchive } from '../../../../repository/wal/archive';
import { type Cluster, startCluster } from '../../../support/postgres-cluster';
import {
  currentLsn,
  emitWal,
  mib,
  openArchive,
  type Running,
  StoreFolder,
  startReceiver,
  until,
  untilStored,
  walCluster,
} from './shipping';
import { TroubledStore } from './troubled-store';

let cluster: Cluster;
let folders: StoreFolder[];
let stores: TroubledStore[];
let running: Running[] = [];

beforeAll(async () => {
  // Nothing is kept but what the slot asks for: a store that fell behind cannot get it from the server.
  cluster = await startCluster({ name: 'quo', ...walCluster, conf: { wal_keep_size: 0, max_wal_size: '32MB' } });
});
afterAll(() => cluster.destroy());

beforeEach(() => {
  folders = ['hot', 'warm', 'cold'].map((name) => new StoreFolder(name));
  stores = folders.map(({ store }) => new TroubledStore(store));
});
afterEach(async () => {
  for (const one of running) await one.stop().catch(() => undefined);
  running = [];
  await cluster.psql(`select pg_drop_replication_slot(slot_name) from pg_replication_slots`);
  for (const folder of folders) folder.drop();
});

function receive(to: TroubledStore[], quorum: number): Running {
  const one = startReceiver(cluster, to, { quorum, memoryBytes: 3 * mib });
  running.push(one);
  return one;
}

const stateOf = (receiver: Running, name: string) => receiver.progress()?.stores.find(({ store }) => store === name);

async function archiveIn(index: number): Promise<WalArchive> {
  return openArchive((folders[index] as StoreFolder).store, cluster);
}

/** One holds what the other holds, byte for byte, and without a hole. */
async function expectSame(index: number, other: number): Promise<void> {
  const [one, two] = await Promise.all([archiveIn(index), archiveIn(other)]);
  const [a, b] = await Promise.all([one.intervals(1), two.intervals(1)]);
  expect(a).toHaveLength(1);
  expect(a).toEqual(b);
  const from = (a[0]?.from ?? 0n) / BigInt(mib);
  for (let segment = from; segment * BigInt(mib) < (a[0]?.to ?? 0n); segment++) {
    const [mine, theirs] = await Promise.all([one.fetchSegment(1, segment), two.fetchSegment(1, segment)]);
    expect(mine?.whole).toBe(theirs?.whole);
    expect(mine?.bytes.equals(theirs?.bytes ?? Buffer.alloc(0))).toBe(true);
  }
}

async function recycled(from: bigint): Promise<void> {
  await cluster.psql('checkpoint');
  const oldest = await cluster.psql(`select min(name) from pg_ls_waldir() where name ~ '^[0-9A-F]{24}$'`);
  expect(BigInt(`0x${oldest.slice(16)}`)).toBeGreaterThan(from / BigInt(mib));
}

test('a store beyond the quorum holds up nobody, and is filled from another when the server has recycled what it lacks', async () => {
  const [hot, warm] = stores as [TroubledStore, TroubledStore];
  const receiver = receive([hot, warm], 1);
  const before = await untilStored(cluster, receiver);
  warm.failing = true;
  await emitWal(cluster, 12);
  await untilStored(cluster, receiver);
  await until('it is behind', () => stateOf(receiver, 'warm')?.behind === true);
  expect(stateOf(receiver, 'warm')?.trouble?.code).toBe('store_unavailable');
  expect(stateOf(receiver, 'hot')).toMatchObject({ behind: false, trouble: undefined });
  expect(stateOf(receiver, 'warm')?.waitedMs).toBeGreaterThan(0);
  await cluster.psql('create table if not exists t (); drop table t; select pg_switch_wal()');
  await untilStored(cluster, receiver);
  await until('the slot follows', async () => {
    await cluster.psql('checkpoint');
    const kept = await cluster.psql(`select restart_lsn - '0/0' from pg_replication_slots`);
    return BigInt(kept) > before + 8n * BigInt(mib);
  });
  await recycled(before);

  warm.failing = false;
  await until('it keeps up again', () => stateOf(receiver, 'warm')?.behind === false);
  await cluster.psql('create table if not exists t (); drop table t');
  const end = await untilStored(cluster, receiver);
  await until('both have it', () => (stateOf(receiver, 'warm')?.stored ?? 0n) >= end);
  expect(stateOf(receiver, 'warm')?.trouble).toBeUndefined();
  await receiver.stop();
  await expectSame(0, 1);
});

test('what counts is what so many stores hold: with two of three down nothing does, with one down it does', async () => {
  const [hot, warm, cold] = stores as [TroubledStore, TroubledStore, TroubledStore];
  const receiver = receive([hot, warm, cold], 2);
  await untilStored(cluster, receiver);
  warm.failing = true;
  cold.failing = true;
  await cluster.psql('create table if not exists t (); drop table t');
  const lsn = await currentLsn(cluster);
  await until('the good one has it', () => (stateOf(receiver, 'hot')?.stored ?? 0n) >= lsn);
  expect(receiver.progress()?.flushedLsn).toBeLessThan(lsn);
  cold.failing = false;
  await untilStored(cluster, receiver);
  expect(stateOf(receiver, 'warm')?.stored).toBeLessThan(lsn);
});

test('a store that is down when the receiver begins comes later, and gets what it lacks', async () => {
  const [hot, warm] = stores as [TroubledStore, TroubledStore];
  const first = receive([hot, warm], 1);
  await untilStored(cluster, first);
  await until('both', () => stateOf(first, 'warm')?.stored === stateOf(first, 'hot')?.stored);
  await first.stop();
  warm.failing = true;
  const second = receive([hot, warm], 1);
  await emitWal(cluster, 6);
  await untilStored(cluster, second);
  expect(stateOf(second, 'warm')).toBeUndefined();
  warm.failing = false;
  await until('it has come', () => stateOf(second, 'warm')?.behind === false);
  const end = await untilStored(cluster, second);
  await until('both have it', () => (stateOf(second, 'warm')?.stored ?? 0n) >= end);
  await second.stop();
  await expectSame(0, 1);
});

test('a receiver that ends while a store is behind leaves the rest to the next one', async () => {
  const [hot, warm] = stores as [TroubledStore, TroubledStore];
  const first = receive([hot, warm], 1);
  const before = await untilStored(cluster, first);
  await until('both', () => stateOf(first, 'warm')?.stored === stateOf(first, 'hot')?.stored);
  warm.failing = true;
  await emitWal(cluster, 10);
  await untilStored(cluster, first);
  await until('it is behind', () => stateOf(first, 'warm')?.behind === true);
  await first.stop();
  warm.failing = false;
  const second = receive([hot, warm], 1);
  await cluster.psql('select pg_switch_wal()');
  await until('it keeps up again', () => stateOf(second, 'warm')?.behind === false);
  await recycled(before);
  const end = await untilStored(cluster, second);
  await until('both have it', () => (stateOf(second, 'warm')?.stored ?? 0n) >= end);
  await second.stop();
  await expectSame(0, 1);
});

test('with a quorum of all, a store that lacks what the server no longer has is filled from the other', async () => {
  const [hot, warm] = stores as [TroubledStore, TroubledStore];
  const alone = receive([hot], 1);
  await untilStored(cluster, alone);
  const both = receive([hot, warm], 2);
  await alone.stop();
  await untilStored(cluster, both);
  await both.stop();
  const again = receive([hot], 1);
  await emitWal(cluster, 10);
  const grown = await untilStored(cluster, again);
  await again.stop();
  await cluster.psql('select pg_switch_wal(); checkpoint');
  const third = receive([hot, warm], 2);
  await cluster.psql('create table if not exists t (); drop table t');
  const end = await untilStored(cluster, third);
  expect(end).toBeGreaterThan(grown);
  await third.stop();
  const [hotEnd, warmEnd] = await Promise.all([0, 1].map(async (one) => await (await archiveIn(one)).intervals(1)));
  expect(warmEnd).toEqual([{ from: warmEnd?.[0]?.from, to: hotEnd?.[0]?.to }]);
});
