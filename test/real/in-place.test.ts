/** Restores over the running system: what stops, what comes back, and that a failure leaves everything as it was. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { tableSums } from '../support/proof';
import { endOf, TestSystem, type Up } from '../support/system';
import { serverTime } from './load';
import { FileService } from './services';
import { placeFor, proveCopy, proveInPlace, sumsCovered } from './whole-chain';

let system: TestSystem;
let up: Up;
let app: FileService;
let idle: FileService;
let sums: Record<string, string>;
/** The backup that everything begins with. */
let first: string;
/** A time on the first timeline, long after the backup where later timelines begin, and what was there by then. */
let wrecked: { at: string; sums: Record<string, string> };
const conf = () => path.join(system.filesDir, 'app.conf');

beforeAll(async () => {
  system = await TestSystem.create({
    cluster: { tablespaces: ['fast'] },
    configure: (config) => {
      const { dc01 } = config['sites'] as { dc01: Record<string, unknown> };
      const { database, config: files } = dc01['components'] as Record<string, { dataDir: string; paths: string[] }>;
      const folder = path.dirname(files?.paths[0] as string);
      app = new FileService(folder, 'app');
      idle = new FileService(folder, 'idle');
      dc01['services'] = {
        server: { control: 'pgctl', dataDir: database?.dataDir },
        // Healthy with whatever configuration, unless a test says which one it cannot work with.
        app: { ...app.config, health: `! grep -q -f ${folder}/unhealthy ${folder}/etc/app.conf`, healthTimeout: '2s' },
        idle: idle.config,
      };
    },
  });
  writeFileSync(path.join(system.dir, 'unhealthy'), 'nothing matches this\n');
  const { cluster } = system;
  await cluster.psql(`create table t (id int primary key, x text); create table u (id int) tablespace fast;
    insert into t select g, md5(g::text) from generate_series(1, 20000) g; insert into u select generate_series(1, 5000);`);
  up = await system.up();
  const backup = await system.procedure('backup');
  expect(backup.error).toBeUndefined();
  first = backup.backupId as string;
  sums = await sumsCovered(system);
});
beforeEach(() => {
  app.set(true);
  idle.set(false);
});
afterAll(async () => {
  await up?.stop();
  await system?.destroy();
});

const leftovers = () =>
  [system.dir, system.cluster.dir].flatMap((dir) => readdirSync(dir).filter((name) => name.includes('.holdfast-')));

function expectServicesAsBefore(): void {
  expect([app.running, idle.running]).toEqual([true, false]);
  expect(idle.asked).toEqual([]);
}

test('what was wrecked is back; services that ran run again, one that did not was never touched', async () => {
  await system.cluster.psql('drop table u; delete from t where id > 5');
  wrecked = { sums: await sumsCovered(system), at: await serverTime(system.cluster) };
  await system.cluster.psql('truncate t');
  await sumsCovered(system);
  writeFileSync(conf(), 'answer = 41\n');
  writeFileSync(path.join(system.filesDir, 'stray'), '');
  const restore = await system.procedure('restore', 'latest', '--at', 'end-of-backup');
  expect(restore.error).toBeUndefined();
  expect(restore).toMatchObject({ status: 'completed', exit: 0 });
  expectServicesAsBefore();
  expect(app.asked).toEqual(['stop', 'start']);
  expect(readFileSync(conf(), 'utf8')).toBe('answer = 42\n');
  expect(existsSync(path.join(system.filesDir, 'stray'))).toBe(false);
  await proveInPlace(system, sums);
  expect(leftovers()).toEqual([]);
});

/** The store as it was when the new timeline had begun and none of its WAL had been shipped: on another host, which has nothing else. */
function beforeShipping(): { HOLDFAST_CONFIG: string; XDG_STATE_HOME: string } {
  const away = path.join(system.dir, 'before-shipping');
  const store = path.join(away, 'store');
  mkdirSync(away);
  // What the shipper takes away meanwhile is none of what counts.
  spawnSync('cp', ['-a', system.storeDir, store]);
  const wal = path.join(store, 'wal');
  const begun = path.join(wal, readdirSync(wal)[0] as string, '00000002');
  for (const shipped of ['segments', 'parts']) rmSync(path.join(begun, shipped), { recursive: true, force: true });
  expect(readdirSync(begun).sort()).toEqual(['coverage', 'history']);
  const config = path.join(away, 'holdfast.yaml');
  writeFileSync(config, readFileSync(system.config, 'utf8').replaceAll(system.storeDir, store));
  return { HOLDFAST_CONFIG: config, XDG_STATE_HOME: path.join(away, 'state') };
}

test('the end of a backup is reached also where its timeline was left at that very end, and nothing of the next one is stored yet', async () => {
  const { to, database } = placeFor(system, 'very-end');
  const args = ['restore', first, '--at', 'end-of-backup', '--to', to, '--component', 'database', '--json'];
  const { code, stdout } = await endOf(system.spawn(args, { env: beforeShipping() }));
  expect(JSON.parse(stdout)).toMatchObject({ status: 'completed' });
  expect(code).toBe(0);
  await proveCopy(system, database, sums);
});

test('a service that is not healthy with the restored data: all is put back as it was before', async () => {
  writeFileSync(conf(), 'answer = 43\n');
  await system.cluster.psql('delete from t where id > 100');
  const before = await tableSums(system.cluster);
  const started = await system.cluster.psql('select pg_postmaster_start_time()');
  writeFileSync(path.join(system.dir, 'unhealthy'), 'answer = 42\n');
  const restore = await system.procedure('restore', 'latest', '--at', 'end-of-backup');
  writeFileSync(path.join(system.dir, 'unhealthy'), 'nothing matches this\n');
  expect(restore.error).toMatchObject({
    code: 'service_start_failed',
    message: expect.stringContaining('service app is not healthy'),
  });
  expect(restore).toMatchObject({ status: 'failed', exit: 1 });
  expect(restore.warnings.filter((one) => one.includes('could not undo'))).toEqual([]);
  expectServicesAsBefore();
  expect(readFileSync(conf(), 'utf8')).toBe('answer = 43\n');
  expect(await system.cluster.psql('select pg_postmaster_start_time()')).not.toBe(started);
  await proveInPlace(system, before);
  await system.cluster.psql('checkpoint');
  expect(leftovers()).toEqual([]);
});

test('what is written after a restore was put back is what the next restore finds: the abandoned timeline misleads nobody', async () => {
  await system.cluster.psql('insert into t select g, md5(g::text) from generate_series(40001, 40100) g');
  const all = await sumsCovered(system);
  const { to, database } = placeFor(system, 'after');
  const restore = await system.procedure('restore', 'latest', '--to', to, '--component', 'database');
  expect(restore.error).toBeUndefined();
  await proveCopy(system, database, all);
});

test('one component alone: the database is neither stopped nor touched', async () => {
  const before = await tableSums(system.cluster);
  writeFileSync(conf(), 'answer = 40\n');
  const started = await system.cluster.psql('select pg_postmaster_start_time()');
  const restore = await system.procedure('restore', 'latest', '--component', 'config');
  expect(restore.error).toBeUndefined();
  expect(readFileSync(conf(), 'utf8')).toBe('answer = 42\n');
  expect(await tableSums(system.cluster)).toEqual(before);
  expectServicesAsBefore();
  expect(started).toBeTruthy();
});

test('over the present data with --delta: what is right stays, what is wrong is replaced', async () => {
  const relation = path.join(system.cluster.dataDir, await system.cluster.psql(`select pg_relation_filepath('t')`));
  const { ino } = statSync(relation);
  await system.cluster.psql('delete from t where id % 3 = 0; create table stray as select 1 as one; checkpoint');
  const restore = await system.procedure('restore', 'latest', '--at', 'end-of-backup', '--delta');
  expect(restore.error).toBeUndefined();
  expect(statSync(relation).ino).toBe(ino);
  expectServicesAsBefore();
  await proveInPlace(system, sums);
  expect(leftovers()).toEqual([]);
});

test('after restores in place the new timeline is shipped, and the next backup and restore stand on it', async () => {
  await system.cluster.psql('insert into t select g, md5(g::text) from generate_series(30001, 31000) g');
  const backup = await system.procedure('backup');
  expect(backup.error).toBeUndefined();
  await system.cluster.psql('insert into u select generate_series(6001, 7000)');
  const all = await sumsCovered(system);
  const before = await serverTime(system.cluster);
  await system.cluster.psql('truncate t');
  await sumsCovered(system);
  const restore = await system.procedure('restore', 'latest', '--at', before);
  expect(restore.error).toBeUndefined();
  expectServicesAsBefore();
  await proveInPlace(system, all);
});

test('a tablespace made after the backup comes back at its place', async () => {
  const location = await system.cluster.createTablespace('later');
  await system.cluster.psql('create table v tablespace later as select generate_series(1, 3000) as id');
  const all = await sumsCovered(system);
  const before = await serverTime(system.cluster);
  await system.cluster.psql('drop table v');
  await sumsCovered(system);
  const restore = await system.procedure('restore', 'latest', '--at', before);
  expect(restore.error).toBeUndefined();
  expect(
    await system.cluster.psql(`select pg_tablespace_location(oid) from pg_tablespace where spcname = 'later'`),
  ).toBe(location);
  await proveInPlace(system, all);
  expect(leftovers()).toEqual([]);
});

test('back to an older backup: from then on the latest state is that of the new branch, not the newer backup’s', async () => {
  const back = await system.procedure('restore', first, '--at', 'end-of-backup');
  expect(back.error).toBeUndefined();
  await system.cluster.psql('insert into t select g, md5(g::text) from generate_series(50001, 50100) g');
  const all = await sumsCovered(system);
  const now = await serverTime(system.cluster);
  await system.covered(now);
  for (const [at, args] of [[], ['--at', now]].entries()) {
    const { to, database } = placeFor(system, `branch-${at}`);
    const restore = await system.procedure('restore', 'latest', ...args, '--to', to, '--component', 'database');
    expect(restore.error).toBeUndefined();
    expect(restore.backupId).toBe(first);
    await proveCopy(system, database, all);
  }
});

test('a time before the branches began means what the database was at that time, not what they began with', async () => {
  const { to, database } = placeFor(system, 'wrecked');
  const restore = await system.procedure(
    'restore',
    'latest',
    '--at',
    wrecked.at,
    '--to',
    to,
    '--component',
    'database',
  );
  expect(restore.error).toBeUndefined();
  expect(restore.backupId).toBe(first);
  await proveCopy(system, database, wrecked.sums);
});
