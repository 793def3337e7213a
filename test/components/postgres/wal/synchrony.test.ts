/** Commits that wait for the stores: when they do, when they are let go, and what whoever dies in between leaves behind. */
import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseLsn } from '../../../../domain/lsn';
import { type Cluster, startCluster } from '../../../support/postgres-cluster';
import { openArchive, type Running, StoreFolder, startReceiver, until, walCluster } from './shipping';
import { TroubledStore } from './troubled-store';

let cluster: Cluster;
let folder: StoreFolder;
let store: TroubledStore;
let running: Running[] = [];
let children: ChildProcess[] = [];

beforeAll(async () => {
  cluster = await startCluster({ name: 'sync', ...walCluster });
  await cluster.psql('create table ledger (id bigserial primary key)');
});
afterAll(() => cluster.destroy());

beforeEach(() => {
  folder = new StoreFolder();
  store = new TroubledStore(folder.store);
});
afterEach(async () => {
  store.failing = false;
  for (const one of running) await one.stop().catch(() => undefined);
  for (const one of children) await killed(one);
  [running, children] = [[], []];
  await cluster.psql('alter system reset all');
  await cluster.psql('select pg_reload_conf()');
  await until('the slots are free', async () => {
    const sql = 'select pg_drop_replication_slot(slot_name) from pg_replication_slots where not active';
    await cluster.psql(sql);
    return (await cluster.psql('select count(*) from pg_replication_slots')) === '0';
  });
  folder.drop();
});

function receive(options: Parameters<typeof startReceiver>[2]): Running {
  const one = startReceiver(cluster, [store], { calmMs: 200, thresholdMs: 400, ...options });
  running.push(one);
  return one;
}

const waits = (one: Running) => () => one.progress()?.commits?.commits === 'synchronous';
const goes = (one: Running) => () => one.progress()?.commits?.commits === 'asynchronous';
const names = () => cluster.psql('show synchronous_standby_names');
const reasons = async () =>
  (await (await openArchive(folder.store, cluster)).readSwitches()).map((one) => `${one.commits}: ${one.reason}`);

/** A commit, and whether it has come back by now. */
function commit(): { done: () => boolean; lsn: Promise<bigint> } {
  let back = false;
  const lsn = cluster.client().then(async (client) => {
    await client.query('insert into ledger default values');
    back = true;
    const { rows } = await client.query<{ lsn: string }>('select pg_current_wal_insert_lsn() as lsn');
    await client.end();
    return parseLsn(rows[0]?.lsn ?? '');
  });
  lsn.catch(() => undefined);
  return { done: () => back, lsn };
}

async function process_(mode: string): Promise<ChildProcess> {
  const connection = JSON.stringify({ host: cluster.socketDir, port: cluster.port, user: 'postgres' });
  const child = spawn(process.execPath, [path.join(__dirname, 'receiver-process.js'), connection, folder.dir, mode], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  let said = '';
  child.stdout?.on('data', (data: Buffer) => {
    said = String(data);
  });
  await until('commits wait', () => said.includes(' synchronous'));
  return child;
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

test('sync: a commit comes back when the store has it and not before, and all go on when shipping ends in order', async () => {
  const receiver = receive({ mode: 'sync' });
  await until('commits wait', waits(receiver));
  expect(await names()).toBe('FIRST 1 ("holdfast_test")');
  const archive = await openArchive(folder.store, cluster);
  for (let n = 0; n < 5; n++) {
    const before = (await archive.intervals(1)).at(-1)?.to ?? 0n;
    await commit().lsn;
    expect((await archive.intervals(1)).at(-1)?.to).toBeGreaterThan(before);
  }

  store.failing = true;
  const held = commit();
  const applied = cluster.psql('set synchronous_commit = remote_apply; insert into ledger default values');
  const written = cluster.psql('set synchronous_commit = remote_write; insert into ledger default values');
  let early = false;
  void Promise.race([applied, written]).then(() => {
    early = true;
  });
  await until('it is tried', () => store.failures > 2);
  await sleep(700);
  expect([held.done(), early]).toEqual([false, false]);
  expect(waits(receiver)()).toBe(true);
  store.failing = false;
  await Promise.all([held.lsn, applied, written]);

  await receiver.stop();
  expect(await names()).toBe('');
  await commit().lsn;
  expect(await reasons()).toEqual([
    'asynchronous: the stores have not kept up for long enough yet',
    'synchronous: the stores keep up',
    'asynchronous: shipping was ended',
  ]);
});

test('sync: a killed receiver blocks commits; the next one lets them go when the store has them', async () => {
  const child = await process_('sync');
  await commit().lsn;
  await killed(child);
  const held = commit();
  await sleep(500);
  expect(held.done()).toBe(false);
  const receiver = receive({ mode: 'sync' });
  const lsn = await held.lsn;
  expect((await (await openArchive(folder.store, cluster)).intervals(1)).at(-1)?.to).toBeGreaterThanOrEqual(
    lsn - 8192n,
  );
  await until('commits wait', waits(receiver));
  // Nothing changed meanwhile: commits waited all the time.
  expect((await reasons()).at(-1)).toBe('synchronous: the stores keep up');
  expect(await reasons()).toHaveLength(2);
});

test('what a killed receiver left is undone when the mode was changed to async, and told', async () => {
  await killed(await process_('sync'));
  const held = commit();
  const receiver = receive({ mode: 'async' });
  await held.lsn;
  expect(await names()).toBe('');
  await until('it is recorded', async () => (await reasons()).at(-1) === 'asynchronous: the mode is async');
  expect(receiver.log.join()).toContain('commits are asynchronous: the mode is async');
});

test('hybrid: a killed receiver blocks commits only until the next one comes', async () => {
  await killed(await process_('hybrid'));
  const held = commit();
  store.failing = true;
  const receiver = receive({ mode: 'hybrid' });
  await held.lsn;
  await until('it is told', goes(receiver));
  store.failing = false;
  await until('commits wait again', waits(receiver));
});

test('hybrid: a store that is too slow lets commits go, each switch is recorded, and they wait again when it is well', async () => {
  const receiver = receive({ mode: 'hybrid' });
  await until('commits wait', waits(receiver));
  await commit().lsn;
  store.slowMs = 2500;
  await commit().lsn;
  await until('commits go', goes(receiver));
  expect(receiver.progress()?.commits?.reason).toMatch(/^a commit waited \d+ ms for the stores, longer than 400 ms$/);
  expect(await names()).toBe('');
  const began = Date.now();
  await commit().lsn;
  expect(Date.now() - began).toBeLessThan(2500);
  store.slowMs = 0;
  await until('commits wait again', waits(receiver));
  await until('all is recorded', async () => (await reasons()).length === 4);
  expect((await reasons()).map((one) => one.split(':')[0])).toEqual([
    ...['asynchronous', 'synchronous', 'asynchronous', 'synchronous'],
  ]);
});

test('hybrid: a store that is gone is no reason for commits to wait, and neither is a server that was restarted', async () => {
  const receiver = receive({ mode: 'hybrid' });
  await until('commits wait', waits(receiver));
  store.failing = true;
  await commit().lsn;
  await until('commits go', goes(receiver));
  store.failing = false;
  await until('commits wait again', waits(receiver));
  await cluster.restart();
  await commit().lsn;
  await until('commits wait once more', waits(receiver));
});

test('somebody else who lets commits go is noticed, told, and outlasted in mode sync', async () => {
  const receiver = receive({ mode: 'sync' });
  await until('commits wait', waits(receiver));
  await cluster.psql('alter system reset synchronous_standby_names');
  await cluster.psql('select pg_reload_conf()');
  await until('it is told', async () => (await reasons()).some((one) => one.includes('somebody else')));
  await until('commits wait again', async () => waits(receiver)() && (await names()) !== '');
});

test('the user’s own standbys stay, with us in front', async () => {
  const standby = await cluster.standby({ conf: { cluster_name: 'mine' } });
  await cluster.psql(`alter system set synchronous_standby_names = 'mine'`);
  await cluster.psql('select pg_reload_conf()');
  const receiver = receive({ mode: 'sync' });
  await until('commits wait', waits(receiver));
  expect(await names()).toBe('FIRST 2 ("holdfast_test", "mine")');
  await commit().lsn;
  await standby.stop();
  const held = commit();
  await sleep(400);
  expect(held.done()).toBe(false);
  await standby.start();
  await held.lsn;
  await receiver.stop();
  expect(await names()).toBe('FIRST 1 ("mine")');
});

test('a setting on the server’s command line, which no other outweighs, is told while WAL is shipped on', async () => {
  const ctl = (...args: string[]) => cluster.program('pg_ctl', ['-D', cluster.dataDir, '-w', ...args]);
  await cluster.stop();
  await ctl('-l', path.join(cluster.socketDir, 'log'), '-o', '-c synchronous_standby_names=', 'start');
  try {
    const receiver = receive({ mode: 'sync' });
    await until('it is told', () => receiver.progress()?.trouble?.code === 'postgres_misconfigured');
    expect(receiver.progress()).toMatchObject({ state: 'streaming', commits: { commits: 'asynchronous' } });
    await commit().lsn;
    await receiver.stop();
  } finally {
    await ctl('-m', 'fast', 'stop');
    await cluster.start();
  }
});

describe('refused before anything is touched', () => {
  const refused = async (code: string, message: RegExp, options: Parameters<typeof startReceiver>[2] = {}) => {
    const receiver = receive({ mode: 'sync', ...options });
    await expect(receiver.done).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    expect(await cluster.psql('select count(*) from pg_replication_slots')).toBe('0');
  };
  const set = async (setting: string) => {
    await cluster.psql(`alter system set ${setting}`);
    await cluster.psql('select pg_reload_conf()');
  };

  test('remote_apply, or no waiting at all, for the whole server', async () => {
    await set(`synchronous_commit = 'remote_apply'`);
    await refused('postgres_misconfigured', /remote_apply/);
    await set(`synchronous_commit = 'local'`);
    await refused('postgres_misconfigured', /commits wait for no standby/);
  });

  test('a quorum of the user’s that could be reached without us', async () => {
    await cluster.psql(`alter system set synchronous_standby_names = 'ANY 1 (a, b)'`);
    await cluster.psql('select pg_reload_conf()');
    await refused('postgres_misconfigured', /cannot say/);
  });

  test('a role that may not change the setting', async () => {
    await set(`synchronous_standby_names = ''`);
    await cluster.psql('drop role if exists plain; create role plain login replication in role pg_monitor');
    const connection = { host: cluster.socketDir, port: cluster.port, user: 'plain', database: 'postgres' };
    await refused('postgres_rights', /synchronous_standby_names/, { connection });
  });

  test('a standby, which still can be received from in mode async', async () => {
    const standby = await cluster.standby();
    const one = startReceiver(standby, [store], { mode: 'sync' });
    await expect(one.done).rejects.toMatchObject({ message: expect.stringMatching(/is a standby/) });
    const other = startReceiver(standby, [store], { mode: 'async' });
    running.push(other);
    await until('it streams', () => other.progress()?.state === 'streaming');
    await other.stop();
    await standby.destroy();
  });
});
