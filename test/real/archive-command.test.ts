/** A server that pushes its WAL itself, as its own user: no slot, no receiver; with everything killed that can be. */
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ComponentPoints } from '../../client/catalog/points';
import { formatInstant } from '../../domain/instant';
import { serverUser } from '../support/postgres-host';
import { openRestored, tableSums } from '../support/proof';
import { endOf, TestSystem } from '../support/system';
import { Load, ledgerIds, ledgerOf } from './load';
import { placeFor, proveCopy } from './whole-chain';

const main = path.join(__dirname, '../../client/main.js');
let system: TestSystem;

beforeAll(async () => {
  system = await TestSystem.create({
    cluster: { initdb: ['--wal-segsize=1'], conf: { archive_mode: 'on', archive_timeout: '1s', max_wal_size: '64MB' } },
    configure: (config) => {
      const { dc01 } = config['sites'] as { dc01: { components: Record<string, Record<string, unknown>> } };
      Object.assign(dc01.components['database'] ?? {}, { wal: { source: 'command' } });
    },
  });
  await system.keepServer();
  const { cluster, dir, storeDir, keyFile, config } = system;
  // Whoever archives must be able to write where the backups are: here the server's user.
  expect((await system.procedure('backup', '--component', 'config')).error).toBeUndefined();
  const user = serverUser();
  if (user) execFileSync('chown', ['-R', `${user.uid}:${user.gid}`, storeDir]);
  const state = cluster.directory(path.join(dir, 'server-state'));
  if (user) chownSync(keyFile, user.uid, user.gid);
  chmodSync(config, 0o644);
  const environment = `XDG_STATE_HOME=${state} HOLDFAST_CONFIG=${config}`;
  await cluster.psql(`alter system set archive_command = '${environment} ${process.execPath} ${main} wal push %p'`);
  await cluster.psql('select pg_reload_conf()');
  await cluster.psql('create table t (id int primary key, x text)');
  await archived();
});
afterAll(async () => {
  await system?.destroy();
});

/** Ends the segment and waits until the stores have it. */
async function archived(withinMs = 60_000): Promise<void> {
  const { cluster } = system;
  await cluster.psql('insert into t select coalesce(max(id), 0) + 1 from t');
  const name = await cluster.psql('select pg_walfile_name(pg_switch_wal())');
  await system.until(async () => (stored().includes(name) ? true : undefined), withinMs);
}

function stored(): string[] {
  const root = path.join(system.storeDir, 'wal');
  if (!existsSync(root)) return [];
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.includes('/segments/')).map((name) => path.basename(name));
}

test('a backup needs no slot and no receiver, and is restored whole', async () => {
  const { cluster } = system;
  await cluster.psql(`insert into t select g, md5(g::text) from generate_series(100000, 120000) g`);
  const backup = await system.procedure('backup');
  expect(backup).toMatchObject({ status: 'completed', warnings: [] });
  expect(await cluster.psql('select count(*) from pg_replication_slots')).toBe('0');
  await archived();
  const sums = await tableSums(cluster);
  const { to, database } = placeFor(system, 'whole');
  const restored = await system.procedure('restore', 'latest', '--to', to, '--component', 'database');
  expect(restored.error).toBeUndefined();
  await proveCopy(system, database, sums);
});

test('times between commits are exact, also when pushes are killed again and again under load', async () => {
  const { cluster, dir } = system;
  const load = await Load.start(cluster, { clients: 2 });
  let killed = 0;
  for (let turn = 0; turn < 20; turn++) {
    for (const pid of pushes()) {
      try {
        process.kill(pid, 'SIGKILL');
        killed++;
      } catch {
        // It was done.
      }
    }
    await sleep(60);
  }
  await load.stop();
  expect(killed).toBeGreaterThan(0);
  const ledger = await ledgerOf(cluster);
  await archived(120_000);
  for (const share of [0.2, 0.5, 0.9]) {
    // Between commits that are 200 µs apart, no backend stands between taking its time and writing it.
    const from = Math.floor(share * ledger.length);
    const last = ledger.findIndex((row, n) => n >= from && (ledger[n + 1]?.at ?? row.at) - row.at > 200n);
    const at = (ledger[last]?.at ?? 0n) + 100n;
    const { to, database } = placeFor(system, `at-${share}`);
    const restored = await system.procedure(
      'restore',
      'latest',
      '--at',
      formatInstant(at),
      '--to',
      to,
      '--component',
      'database',
    );
    expect(restored.error).toBeUndefined();
    const opened = await openRestored(cluster, database);
    const client = await opened.client();
    const expected = ledger.slice(0, last + 1).map(({ id }) => Number(id));
    expect((await ledgerIds(client)).map(Number)).toEqual(expected.toSorted((a, b) => a - b));
    await client.end();
    await opened.close();
  }
  expect(readdirSync(dir).filter((name) => name.includes('.holdfast-'))).toEqual([]);
}, 240_000);

/** Processes that push for this system. */
function pushes(): number[] {
  const out = execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' });
  const ours = out.split('\n').filter((line) => line.includes(`${main} wal push`) && !line.includes('sh -c'));
  return ours.map((line) => Number(line.trim().split(' ')[0])).filter((pid) => isOf(pid));
}

/** Another test's server may push too. */
function isOf(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`HOLDFAST_CONFIG=${system.config}`);
  } catch {
    return false;
  }
}

test('while the store is away nothing is acknowledged; when it is back nothing is missing', async () => {
  const { cluster, storeDir } = system;
  renameSync(storeDir, `${storeDir}.away`);
  await cluster.psql('insert into t select max(id) + 1 from t');
  const name = await cluster.psql('select pg_walfile_name(pg_switch_wal())');
  const status = path.join(cluster.dataDir, 'pg_wal', 'archive_status');
  await sleep(2500);
  expect(existsSync(path.join(status, `${name}.ready`))).toBe(true);
  renameSync(`${storeDir}.away`, storeDir);
  // The archiver waits up to a minute after three failures.
  await archived(120_000);
  expect(stored()).toContain(name);
  const points = JSON.parse((await system.cli('points', '--json')).stdout) as ComponentPoints[];
  expect(points.find(({ component }) => component === 'database')?.gaps).toEqual([]);
}, 180_000);

test('two pushes of one file are one object; a copy of the data directory may push nothing', async () => {
  const { cluster, dir } = system;
  await cluster.psql('insert into t select max(id) + 1 from t');
  const name = await cluster.psql('select pg_walfile_name(pg_switch_wal())');
  const file = path.join(cluster.dataDir, 'pg_wal', name);
  const ends = await Promise.all([system.cli('wal', 'push', file), system.cli('wal', 'push', file)]);
  expect(ends.map(({ code, stderr }) => ({ code, stderr }))).toEqual([
    { code: 0, stderr: '' },
    { code: 0, stderr: '' },
  ]);
  const copy = path.join(dir, 'copy');
  execFileSync('cp', ['-r', cluster.dataDir, copy]);
  const refused = await system.cli('wal', 'push', path.join(copy, 'pg_wal', name), '--json');
  expect(refused.code).toBe(2);
  expect(JSON.parse(refused.stdout)).toMatchObject({ error: { code: 'wrong_data_directory' } });
});

test('an empty directory in the place of a store is no place for WAL', async () => {
  const { cluster, storeDir } = system;
  const name = await cluster.psql('select pg_walfile_name(pg_switch_wal())');
  const push = () => system.cli('wal', 'push', path.join(cluster.dataDir, 'pg_wal', name), '--json');
  renameSync(storeDir, `${storeDir}.away`);
  mkdirSync(storeDir);
  try {
    expect((await push()).code).not.toBe(0);
    expect(readdirSync(storeDir)).toEqual([]);
  } finally {
    rmSync(storeDir, { recursive: true });
    renameSync(`${storeDir}.away`, storeDir);
  }
});

test('what was stored ahead costs no look at the stores, and a changed file does', async () => {
  const { cluster, dir } = system;
  await cluster.psql(`alter system set archive_command = '/bin/false'; select pg_reload_conf()`);
  const names: string[] = [];
  for (let count = 0; count < 3; count++) {
    await cluster.psql('insert into t select max(id) + 1 from t');
    names.push(await cluster.psql('select pg_walfile_name(pg_switch_wal())'));
  }
  const file = (name?: string) => path.join(cluster.dataDir, 'pg_wal', name ?? '');
  const status = path.join(cluster.dataDir, 'pg_wal', 'archive_status');
  await system.until(async () => (existsSync(path.join(status, `${names[2]}.ready`)) ? true : undefined), 10_000);
  const state = { XDG_STATE_HOME: path.join(dir, 'state-of-push') };
  const first = await push(file(names[0]), state);
  expect(JSON.parse(first.stdout)).toMatchObject({ stored: true, ahead: expect.any(Number) });
  expect(stored()).toEqual(expect.arrayContaining(names));
  // With the stores away only a note can say yes.
  renameSync(system.storeDir, `${system.storeDir}.away`);
  try {
    expect((await push(file(names[1]), state)).code).toBe(0);
    expect((await push(file(names[1]), state)).code).not.toBe(0);
  } finally {
    renameSync(`${system.storeDir}.away`, system.storeDir);
  }
  expect((await push(file(names[1]), state)).code).toBe(0);
});

async function push(file: string, env: NodeJS.ProcessEnv) {
  return await endOf(
    spawn(process.execPath, [main, 'wal', 'push', file, '--json'], {
      cwd: system.cluster.dataDir,
      env: { ...system.env(), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  );
}

test('doctor and status judge it by the stores', async () => {
  const { cluster } = system;
  const doctor = async () => {
    const { findings } = JSON.parse((await system.cli('doctor', '--json')).stdout) as {
      findings: { code: string; level: string }[];
    };
    return Object.fromEntries(findings.map(({ code, level }) => [code, level]));
  };
  // The command of the test before pushes nothing.
  expect(await doctor()).toMatchObject({ archive_mode: 'ok', archive_command: 'error', archive_timeout: 'ok' });
  const refused = await system.procedure('backup', '--component', 'database');
  expect(refused.error).toMatchObject({ message: expect.stringContaining('archive_command does not call') });
  for (let count = 0; count < 4; count++) {
    await cluster.psql('insert into t select max(id) + 1 from t; select pg_switch_wal()');
  }
  expect(await doctor()).toMatchObject({ wal_not_stored: 'error' });
  const up = await system.up();
  const { shippers, archivers } = JSON.parse((await system.cli('status', '--json')).stdout) as Record<string, unknown>;
  expect(shippers).toEqual([]);
  expect(archivers).toEqual([
    { site: 'dc01', component: 'database', lagSeconds: expect.any(Number), coveredUntil: expect.any(String) },
  ]);
  await up.stop();
}, 120_000);
