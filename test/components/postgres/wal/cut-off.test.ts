/** The network between the receiver and the server is cut under load, in ways that raise no error. The server never misses us by itself. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Cluster, startCluster } from '../../../support/postgres-cluster';
import { TcpProxy } from '../../../support/tcp-proxy';
import {
  expectServersBytes,
  openArchive,
  type Running,
  StoreFolder,
  startReceiver,
  until,
  untilStored,
  walCluster,
} from './shipping';

let cluster: Cluster;
let network: TcpProxy;
let folder: StoreFolder;
let receiver: Running | undefined;

beforeAll(async () => {
  const conf = { ...walCluster.conf, listen_addresses: '127.0.0.1', wal_sender_timeout: 0 };
  cluster = await startCluster({ name: 'cut', ...walCluster, conf });
  await cluster.pgbench(['-i', '-q', '-s', '1']);
});
afterAll(() => cluster?.destroy());

beforeEach(async () => {
  network = await TcpProxy.to(cluster.port);
  folder = new StoreFolder();
});
afterEach(async () => {
  await receiver?.stop().catch(() => undefined);
  receiver = undefined;
  await network.close();
  const drop = `select pg_drop_replication_slot(slot_name) from pg_replication_slots`;
  await until('the slot is free', () =>
    cluster.psql(drop).then(
      () => true,
      () => false,
    ),
  );
  folder.drop();
});

function receive(options: Parameters<typeof startReceiver>[2]): Running {
  const connection = { host: '127.0.0.1', port: network.port, user: 'postgres', connectionTimeoutMillis: 1000 };
  receiver = startReceiver(cluster, [folder.store], { connection, ...options });
  return receiver;
}

const holder = () => cluster.psql('select active_pid from pg_replication_slots');

test('swallowed: the silence is noticed, the connection that the server still believes in is ended, no byte is missing', async () => {
  const shipping = receive({ silenceMs: 1000 });
  await untilStored(cluster, shipping);
  const before = await holder();
  const load = cluster.pgbench(['-n', '-c', '4', '-T', '6']);
  await sleep(500);
  network.swallow();
  await until('the silence is noticed', () => shipping.progress()?.state === 'connecting');
  expect(shipping.progress()?.trouble).toMatchObject({
    code: 'postgres_unreachable',
    message: expect.stringMatching(/^the server has said nothing for \d+ s$/),
  });
  await until('it cannot connect', () => shipping.progress()?.trouble?.message.includes('timeout') ?? false);
  expect(await holder()).toBe(before);
  await network.heal();
  await load;
  const lsn = await untilStored(cluster, shipping);
  expect(await holder()).not.toBe(before);
  expect(shipping.log.filter((line) => line.includes('was lost'))).toEqual([]);
  await shipping.stop();
  await expectServersBytes(await openArchive(folder.store, cluster), cluster, 1, lsn);
});

test('refused, and back: no byte is missing', async () => {
  const shipping = receive({});
  await untilStored(cluster, shipping);
  const load = cluster.pgbench(['-n', '-c', '4', '-T', '4']);
  await sleep(500);
  await network.refuse();
  await until('it is refused', () => shipping.progress()?.trouble?.message.includes('ECONNREFUSED') ?? false);
  await network.heal();
  await load;
  const lsn = await untilStored(cluster, shipping);
  await shipping.stop();
  await expectServersBytes(await openArchive(folder.store, cluster), cluster, 1, lsn);
});

test('an order to end is not held up by a server that is cut off', async () => {
  const shipping = receive({ silenceMs: 3_600_000, stopMs: 500 });
  await untilStored(cluster, shipping);
  network.swallow();
  expect((await shipping.stop()).state).toBe('stopped');
  await network.close(); // the server sees its end only now
});
