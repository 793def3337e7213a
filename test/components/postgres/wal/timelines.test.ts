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

let primary: Cluster;
let standby: Cluster;
let folder: StoreFolder;
let running: Running[] = [];

beforeEach(async () => {
  primary = await startCluster({ name: 'tl', ...walCluster });
  standby = await primary.standby();
  folder = new StoreFolder();
});
afterEach(async () => {
  for (const one of running) await one.stop().catch(() => undefined);
  running = [];
  await primary.destroy();
  folder.drop();
});

function receive(cluster: Cluster, coverageIntervalMs = 200): Running {
  const one = startReceiver(cluster, [folder.store], { coverageIntervalMs });
  running.push(one);
  return one;
}

async function untilReplayed(): Promise<void> {
  const lsn = formatLsn(await currentLsn(primary));
  await until('replayed', async () => (await standby.psql(`select pg_last_wal_replay_lsn() >= '${lsn}'`)) === 't');
}

async function expectFork(): Promise<void> {
  const archive = await openArchive(folder.store, standby);
  const path = await archive.timelinePath(2);
  expect(path.map((stretch) => stretch.timeline)).toEqual([1, 2]);
  const fork = path[1]?.from as bigint;
  const [old] = await archive.intervals(1);
  expect(old?.to).toBe(fork);
  const newest = await untilStored(standby, running.at(-1) as Running);
  const from = await expectServersBytes(archive, standby, 2, newest);
  expect(from).toBe((fork / BigInt(mib)) * BigInt(mib));
  // The old timeline's last segment was never filled: it stays parts.
  const last = (await archive.pieces(1)).filter((piece) => piece.segment === fork / BigInt(mib));
  expect(last.length).toBeGreaterThan(0);
  expect(last.some((piece) => piece.whole)).toBe(false);
}

test('a promotion in mid-stream is followed onto the next timeline', async () => {
  const receiver = receive(standby);
  await emitWal(primary, 2);
  await untilReplayed();
  await until('streaming', () => receiver.progress()?.state === 'streaming');
  await standby.promote();
  await emitWal(standby, 2);
  await untilStored(standby, receiver);
  expect(receiver.progress()?.timeline).toBe(2);
  await expectFork();
});

test('a promotion while nobody listened is made up for, and the new primary has its slot at once', async () => {
  const first = receive(primary);
  await emitWal(primary, 2);
  await untilStored(primary, first);
  const archive = await openArchive(folder.store, primary);
  await until('its mark', async () => (await archive.readCoverage(1)) !== undefined);
  await first.stop();
  await emitWal(primary, 12);
  await untilReplayed();
  await primary.stop();
  await standby.promote();
  const promoted = BigInt(Date.now()) * 1000n;
  // Asked all the time while the rest of the old timeline comes, the server answers with its present clock.
  const second = receive(standby, 1);
  await until('the slot', async () => (await standby.psql('select count(*) from pg_replication_slots')) === '1');
  await emitWal(standby, 1);
  await untilStored(standby, second);
  await expectFork();
  expect((await archive.readCoverage(1))?.serverTime).toBeLessThan(promoted);
  expect((await archive.readCoverage(2))?.since).toBeGreaterThan(promoted);
});

test('what the old primary wrote beyond the fork stays on its own timeline and is on no way to the new one', async () => {
  const first = receive(primary);
  await emitWal(primary, 1);
  await untilReplayed();
  await standby.stop();
  await primary.psql('create table lost ()');
  const beyond = await untilStored(primary, first);
  await first.stop();
  await primary.stop();
  await standby.start();
  await standby.promote();
  const second = receive(standby);
  await emitWal(standby, 1);
  const lsn = await untilStored(standby, second);
  const archive = await openArchive(folder.store, standby);
  await expectServersBytes(archive, standby, 2, lsn);
  const way = await archive.timelinePath(2);
  expect(way[1]?.from).toBeLessThan(beyond);
  expect((await archive.intervals(1)).at(-1)?.to).toBeGreaterThanOrEqual(beyond);
  expect((await archive.extents()).quarantined).toEqual([]);
});
