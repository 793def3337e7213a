import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fromDate } from '../../../../domain/instant';
import { formatLsn } from '../../../../domain/lsn';
import { type Cluster, startCluster } from '../../../support/postgres-cluster';
import {
  currentLsn,
  emitWal,
  expectServersBytes,
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
let folder: StoreFolder;
let running: Running[] = [];

beforeAll(async () => {
  cluster = await startCluster({ name: 'recv', ...walCluster });
  await cluster.pgbench(['-i', '-q', '-s', '1']);
});
afterAll(() => cluster.destroy());

beforeEach(() => {
  folder = new StoreFolder();
});
afterEach(async () => {
  for (const one of running) await one.stop().catch(() => undefined);
  running = [];
  await cluster.psql(`select pg_drop_replication_slot(slot_name) from pg_replication_slots`);
  folder.drop();
});

function receive(...args: Parameters<typeof startReceiver>): Running {
  const one = startReceiver(...args);
  running.push(one);
  return one;
}

function load(seconds: number): Promise<string> {
  return cluster.pgbench(['-n', '-c', '4', '-T', String(seconds)]);
}

test('every byte that is stored equals the server’s, full segments have replaced their parts, the slot follows', async () => {
  const receiver = receive(cluster, [folder.store]);
  await load(1);
  await emitWal(cluster, 6);
  await load(1);
  const lsn = await untilStored(cluster, receiver);
  const last = await receiver.stop();
  expect(last.state).toBe('stopped');
  expect(last.flushedLsn).toBeGreaterThanOrEqual(lsn);
  expect(last.segmentsStored).toBeGreaterThan(2);

  const archive = await openArchive(folder.store, cluster);
  await expectServersBytes(archive, cluster, 1, lsn);
  const pieces = await archive.pieces(1);
  const open = (last.flushedLsn as bigint) / BigInt(mib);
  expect(pieces.filter((piece) => !piece.whole && piece.segment !== open)).toEqual([]);
  expect(pieces.filter((piece) => piece.whole && piece.segment >= open)).toEqual([]);

  expect(await cluster.psql(`select active from pg_replication_slots`)).toBe('f');
});

test('kill -9 in mid-stream leaves no gap', async () => {
  const connection = JSON.stringify({ host: cluster.socketDir, port: cluster.port, user: 'postgres' });
  const busy = load(4);
  for (let kill = 0; kill < 4; kill++) {
    const child = spawn(process.execPath, [path.join(__dirname, 'receiver-process.js'), connection, folder.dir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await firstOutput(child);
    await sleep(200 + 131 * kill);
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
  }
  await busy;
  const receiver = receive(cluster, [folder.store]);
  const lsn = await untilStored(cluster, receiver);
  await receiver.stop();
  await expectServersBytes(await openArchive(folder.store, cluster), cluster, 1, lsn);
});

test('a store that fails for a while delays the flush position and loses nothing', async () => {
  const store = new TroubledStore(folder.store);
  const receiver = receive(cluster, [store], { memoryBytes: 3 * mib });
  await load(1);
  const before = await untilStored(cluster, receiver);
  store.failing = true;
  await emitWal(cluster, 12);
  const grown = await currentLsn(cluster);
  await until('a failure was met', () => store.failures > 0);
  expect(grown - before).toBeGreaterThan(4n * BigInt(mib));
  const held = receiver.progress();
  expect(held?.flushedLsn).toBeLessThan(grown);
  expect(held?.trouble?.code).toBe('store_unavailable');
  // The stream waits: memory holds a few segments and the server keeps the rest.
  expect(Number((held?.receivedLsn ?? 0n) - before)).toBeLessThan(6 * mib);
  const kept = await cluster.psql(`select restart_lsn < '${formatLsn(grown)}' from pg_replication_slots`);
  expect(kept).toBe('t');

  store.failing = false;
  const lsn = await untilStored(cluster, receiver);
  await receiver.stop();
  await expectServersBytes(await openArchive(folder.store, cluster), cluster, 1, lsn);
});

test('with two stores the server is told what both hold', async () => {
  const other = new StoreFolder('warm');
  try {
    const slow = new TroubledStore(other.store);
    const receiver = receive(cluster, [folder.store, slow]);
    await load(1);
    const before = await untilStored(cluster, receiver);
    slow.failing = true;
    await cluster.psql('create table if not exists t (); drop table t');
    const lsn = await currentLsn(cluster);
    const archive = await openArchive(folder.store, cluster);
    await until('the good store has it', async () => ((await archive.intervals(1)).at(-1)?.to ?? 0n) >= lsn);
    expect(receiver.progress()?.flushedLsn).toBeLessThan(lsn);
    expect(receiver.progress()?.flushedLsn).toBeGreaterThanOrEqual(before);
    slow.failing = false;
    await untilStored(cluster, receiver);
    await receiver.stop();
    await expectServersBytes(await openArchive(other.store, cluster), cluster, 1, lsn);
  } finally {
    other.drop();
  }
});

test('the clock of a quiet server stays covered', async () => {
  const receiver = receive(cluster, [folder.store]);
  await untilStored(cluster, receiver);
  const archive = await openArchive(folder.store, cluster);
  await until('a first mark', async () => (await archive.readCoverage(1)) !== undefined);
  const first = await archive.readCoverage(1);
  const now = fromDate(new Date());
  await until('a mark of a later time', async () => ((await archive.readCoverage(1))?.serverTime ?? 0n) > now);
  const later = await archive.readCoverage(1);
  expect(later?.serverTime).toBeGreaterThan(first?.serverTime as bigint);
  expect(later?.since).toBe(first?.since);
  expect(first?.since).toBeLessThanOrEqual(first?.serverTime as bigint);
  expect(later?.lsn).toBeLessThanOrEqual((await archive.intervals(1)).at(-1)?.to as bigint);
});

test('a receiver outlives a restart of the server', async () => {
  const receiver = receive(cluster, [folder.store]);
  await load(1);
  await cluster.restart();
  await cluster.psql('create table if not exists t (); drop table t');
  const lsn = await untilStored(cluster, receiver);
  await receiver.stop();
  await expectServersBytes(await openArchive(folder.store, cluster), cluster, 1, lsn);
});

test('a second receiver on the slot ends with its code', async () => {
  const first = receive(cluster, [folder.store]);
  await untilStored(cluster, first);
  const second = receive(cluster, [folder.store], { slotBusyMs: 300 });
  await expect(second.done).rejects.toMatchObject({ code: 'slot_busy' });
});

test('another system than the expected is refused', async () => {
  const receiver = receive(cluster, [folder.store], { systemIdentifier: '42' });
  await expect(receiver.done).rejects.toMatchObject({ code: 'wrong_system' });
});

test('a role without the right to replicate is refused with a hint', async () => {
  await cluster.psql('drop role if exists nobody; create role nobody login');
  const connection = { host: cluster.socketDir, port: cluster.port, user: 'nobody' };
  const receiver = receive(cluster, [folder.store], { connection });
  await expect(receiver.done).rejects.toMatchObject({ code: 'postgres_rights' });
});

test('WAL that differs from what is stored is noticed when the receiver starts', async () => {
  const first = receive(cluster, [folder.store]);
  const lsn = await untilStored(cluster, first);
  await first.stop();
  const archive = await openArchive(folder.store, cluster);
  const end = (await archive.intervals(1)).at(-1)?.to as bigint;
  expect(end).toBeGreaterThanOrEqual(lsn);
  // Another history: bytes the server never wrote, just before the point where it goes on.
  const foreign = Buffer.alloc(Number(end % BigInt(mib)), 0x55);
  await folder.store.delete((await archive.pieces(1, end / BigInt(mib))).map((piece) => piece.key));
  await archive.putPart(1, end - BigInt(foreign.length), foreign);
  await cluster.psql('create table if not exists t (); drop table t');
  const second = receive(cluster, [folder.store]);
  await expect(second.done).rejects.toMatchObject({ code: 'wal_conflict' });
});

test('what a rewound server contradicts is set aside and never mixed', async () => {
  const first = receive(cluster, [folder.store]);
  await untilStored(cluster, first);
  await first.stop();
  const archive = await openArchive(folder.store, cluster);
  const end = (await archive.intervals(1)).at(-1)?.to as bigint;
  const ahead = (end / BigInt(mib) + 40n) * BigInt(mib);
  for (let at = end; at < ahead; ) {
    const next = (at / BigInt(mib) + 1n) * BigInt(mib);
    await archive.putPart(1, at, Buffer.alloc(Number(next - at), 0x66));
    at = next;
  }
  const second = receive(cluster, [folder.store]);
  await cluster.psql('create table if not exists t (); drop table t');
  const lsn = await untilStored(cluster, second);
  await second.stop();
  const extents = await archive.extents();
  expect(extents.quarantined).toHaveLength(1);
  expect(extents.timelines[0]?.intervals.at(-1)?.to).toBeLessThan(ahead);
  expect(second.log.join()).toContain('rewound');
  await expectServersBytes(archive, cluster, 1, lsn);
});

test('a slot that lost its WAL ends the receiver, or is made anew behind a gap when that is wished', async () => {
  const first = receive(cluster, [folder.store]);
  await untilStored(cluster, first);
  await first.stop();
  await cluster.psql(`alter system set max_slot_wal_keep_size = '2MB'`);
  await cluster.psql(`alter system set wal_keep_size = '0'`);
  await cluster.psql('select pg_reload_conf()');
  try {
    await emitWal(cluster, 8);
    await cluster.psql('checkpoint');
    await until('lost', async () => (await cluster.psql('select wal_status from pg_replication_slots')) === 'lost');
    await expect(receive(cluster, [folder.store]).done).rejects.toMatchObject({ code: 'slot_lost' });
    const renewed = receive(cluster, [folder.store], { renewLostSlot: true });
    await untilStored(cluster, renewed);
    await renewed.stop();
    const [timeline] = (await (await openArchive(folder.store, cluster)).extents()).timelines;
    expect(timeline?.intervals).toHaveLength(2);
    expect(timeline?.gaps).toEqual([{ from: timeline?.intervals[0]?.to, to: timeline?.intervals[1]?.from }]);
  } finally {
    await cluster.psql('alter system reset all');
    await cluster.psql('select pg_reload_conf()');
  }
});

async function firstOutput(child: ChildProcess): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    child.stdout?.once('data', () => resolve());
    child.once('exit', (code) => reject(new Error(`the receiver ended with ${code}`)));
  });
}
