/** Without an interval: what arrives goes out at once, and what arrives while puts are under way goes together. */
import { type Cluster, startCluster } from '../../../support/postgres-cluster';
import {
  currentLsn,
  expectServersBytes,
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
let store: TroubledStore;
let receiver: Running;

beforeAll(async () => {
  cluster = await startCluster({ name: 'grp', ...walCluster, conf: { ...walCluster.conf, bgwriter_delay: '10s' } });
  await cluster.psql('create table ledger (id bigserial primary key)');
});
afterAll(() => cluster.destroy());
beforeEach(async () => {
  folder = new StoreFolder();
  store = new TroubledStore(folder.store);
  receiver = startReceiver(cluster, [store], { intervalMs: 0 });
  await untilStored(cluster, receiver);
});
afterEach(async () => {
  await receiver.stop();
  await cluster.psql(`select pg_drop_replication_slot(slot_name) from pg_replication_slots`);
  folder.drop();
});

const parts = () => store.puts.filter((key) => key.includes('/parts/')).length;

test('commits one after the other need a put each, and none waits for the next', async () => {
  const before = parts();
  for (let n = 0; n < 10; n++) {
    await cluster.psql('insert into ledger default values');
    await untilStored(cluster, receiver);
  }
  expect(parts() - before).toBeGreaterThanOrEqual(10);
  await expectServersBytes(await openArchive(folder.store, cluster), cluster, 1, await currentLsn(cluster));
});

test('commits that arrive while the store is at work share the next puts', async () => {
  store.slowMs = 150;
  const before = parts();
  const clients = await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(() => cluster.client()));
  let commits = 0;
  const end = Date.now() + 2000;
  const busy = clients.map(async (client) => {
    for (; Date.now() < end; commits++) await client.query('insert into ledger default values');
  });
  await Promise.all(busy);
  const lsn = await untilStored(cluster, receiver);
  await until('nothing is under way', () => receiver.progress()?.flushedLsn === receiver.progress()?.receivedLsn);
  // Four at once, each of at least 150 ms, in a little more than two seconds: however many commits there were.
  expect(parts() - before).toBeLessThanOrEqual(4 * 20);
  expect(commits).toBeGreaterThan(4 * 20);
  await expectServersBytes(await openArchive(folder.store, cluster), cluster, 1, lsn);
});
