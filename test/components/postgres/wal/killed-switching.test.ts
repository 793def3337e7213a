/** Whoever switches is killed at each of its steps: the next receiver finds what holds, and goes on from there. */
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Cluster, startCluster } from '../../../support/postgres-cluster';
import { openArchive, type Running, StoreFolder, startReceiver, until, walCluster } from './shipping';

let cluster: Cluster;
let folder: StoreFolder;
let child: ChildProcess | undefined;
let running: Running | undefined;

beforeAll(async () => {
  cluster = await startCluster({ name: 'ksw', ...walCluster });
  await cluster.psql('create table ledger (id bigserial primary key)');
});
afterAll(() => cluster.destroy());
beforeEach(() => {
  folder = new StoreFolder();
});
afterEach(async () => {
  child?.kill('SIGKILL');
  await running?.stop().catch(() => undefined);
  await cluster.psql('alter system reset all');
  await cluster.psql('select pg_reload_conf()');
  await until('the slot is free', async () => {
    await cluster.psql('select pg_drop_replication_slot(slot_name) from pg_replication_slots where not active');
    return (await cluster.psql('select count(*) from pg_replication_slots')) === '0';
  });
  folder.drop();
});

/** A receiver that dies at the step; it is waited for. */
async function diesAt([when, what]: [string, string], { atItsEnd = false } = {}): Promise<void> {
  const connection = JSON.stringify({ host: cluster.socketDir, port: cluster.port, user: 'postgres' });
  // The first record says that commits do not wait yet.
  const time = what === '/switches/' && !atItsEnd ? '2' : '1';
  const args = [connection, folder.dir, 'sync', when, what, time, ...(atItsEnd ? ['armed'] : [])];
  const one = spawn(process.execPath, [path.join(__dirname, 'killed-receiver.js'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child = one;
  const gone = new Promise<string | null>((resolve) => one.once('exit', (_, signal) => resolve(signal)));
  if (atItsEnd) {
    await new Promise<void>((resolve) =>
      one.stdout?.on('data', (data: Buffer) => String(data).includes('\nsynchronous') && resolve()),
    );
    await until('it is recorded', async () => (await records()).at(-1) === 'synchronous');
    writeFileSync(path.join(folder.dir, 'armed'), '');
    one.kill('SIGTERM');
  }
  expect(await gone).toBe('SIGKILL');
}

async function records(): Promise<string[]> {
  const archive = await openArchive(folder.store, cluster);
  return (await archive.readSwitches()).map(({ commits }) => commits);
}

const named = async () => (await cluster.psql('show synchronous_standby_names')).includes('holdfast_test');

const steps: [string, string][] = [
  ['before', 'alter system'],
  ['after', 'alter system'],
  ['after', 'pg_reload_conf'],
  ['before', '/switches/'],
  ['after', '/switches/'],
];

test.each(steps)('making commits wait, killed %s %s: the next one in mode sync makes them wait', async (...step) => {
  await diesAt(step);
  running = startReceiver(cluster, [folder.store], { mode: 'sync' });
  await until('commits wait', () => running?.progress()?.commits?.commits === 'synchronous');
  await until('it is recorded', async () => (await records()).at(-1) === 'synchronous');
  expect(await named()).toBe(true);
  await cluster.psql('insert into ledger default values');
});

test.each(steps)(
  'making commits wait, killed %s %s: the next one in mode async lets them go for good',
  async (...step) => {
    await diesAt(step);
    running = startReceiver(cluster, [folder.store], { mode: 'async' });
    await cluster.psql('insert into ledger default values');
    await until('nothing of it is left', async () => {
      await cluster.psql('select pg_reload_conf()'); // what somebody may do at any time later
      return !(await named());
    });
    await cluster.restart();
    expect(await named()).toBe(false);
    await cluster.psql('insert into ledger default values');
  },
);

test.each(steps)(
  'letting commits go, killed %s %s: the next one makes them wait again, and the records tell so',
  async (...step) => {
    await diesAt(step, { atItsEnd: true });
    running = startReceiver(cluster, [folder.store], { mode: 'sync' });
    await until('commits wait', () => running?.progress()?.commits?.commits === 'synchronous');
    await until('it is recorded', async () => (await records()).at(-1) === 'synchronous');
    await cluster.psql('insert into ledger default values');
  },
);
