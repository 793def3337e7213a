/** A receiver that is stopped, taken for dead and replaced, and wakes up while its replacement streams: it may write nothing. */
import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { WalArchive } from '../../repository/wal/archive';
import {
  emitWal,
  expectServersBytes,
  openArchive,
  StoreFolder,
  startReceiver,
  until,
  untilStored,
  walCluster,
} from '../components/postgres/wal/shipping';
import { testObjects } from '../repository/wal/test-objects';
import { type Cluster, startCluster } from '../support/postgres-cluster';

const entry = path.join(__dirname, '../components/postgres/wal/receiver-process.js');
const owner = { system: 'shop', site: 'dc01', component: 'database' };

let cluster: Cluster;
let folder: StoreFolder;
let zombie: ChildProcess | undefined;

beforeAll(async () => {
  // The server would wait long for the silent receiver: its replacement does not.
  const conf = { ...walCluster.conf, wal_sender_timeout: '10min' };
  cluster = await startCluster({ name: 'zomb', ...walCluster, conf });
  folder = new StoreFolder();
});
afterAll(async () => {
  zombie?.kill('SIGKILL');
  await cluster?.destroy();
  folder?.drop();
});

test('the revived receiver ends with its own code, and what is stored is the replacement’s', async () => {
  const connection = JSON.stringify({ host: cluster.socketDir, port: cluster.port, user: 'postgres' });
  const child = spawn(process.execPath, [entry, connection, folder.dir, 'async', '1'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  zombie = child;
  let said = '';
  child.stderr?.on('data', (data: Buffer) => {
    said += String(data);
  });
  await new Promise((resolve) => child.stdout?.once('data', resolve));
  child.stdout?.resume();
  await emitWal(cluster, 3);
  // Stopped with WAL in its hands, and more on its way to it.
  const busy = emitWal(cluster, 6);
  await sleep(100);
  child.kill('SIGSTOP');
  await busy;

  const writer = { line: 'test', turn: 2 };
  const replacement = startReceiver(cluster, [folder.store], {
    stores: [
      {
        name: folder.store.name,
        begin: (marker) => WalArchive.begin(testObjects(folder.store), folder.store, marker, owner, writer),
      },
    ],
  });
  try {
    await untilStored(cluster, replacement);
    const exit = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGCONT');
    await emitWal(cluster, 4);
    expect(await exit).toBe(1);
    expect(said.trim()).toBe('fenced');
    await until('it is not disturbed', () => replacement.progress()?.state === 'streaming');
    const lsn = await untilStored(cluster, replacement);
    await replacement.stop();
    await expectServersBytes(await openArchive(folder.store, cluster), cluster, 1, lsn);
  } finally {
    await replacement.stop().catch(() => undefined);
  }
}, 120_000);
