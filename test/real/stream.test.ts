/** A database that is backed up over its connection alone: the whole chain, for a server whose files nobody of ours sees. */
import { readFileSync, writeFileSync } from 'node:fs';
import { overConnection } from '../support/streamed';
import { TestSystem, type Up } from '../support/system';
import { Load, scale } from './load';
import { placeFor, proveCopy, sumsCovered, verifyPlaced } from './whole-chain';

let system: TestSystem;
let up: Up;

beforeAll(async () => {
  system = await TestSystem.create({
    cluster: { tablespaces: ['fast'], checksums: true },
    configure: overConnection('backup'),
  });
  const { cluster } = system;
  await cluster.pgbench(['-i', '-q', '-s', String(scale)]);
  await cluster.psql(`create role backup login replication;
    create table spaced (id int primary key, x text) tablespace fast;
    insert into spaced select g, md5(g::text) from generate_series(1, 20000) g;
    create unlogged table fleeting as select generate_series(1, 1000) as n;
    select count(lo_from_bytea(0, decode(md5(g::text), 'hex'))) from generate_series(1, 200) g;`);
  up = await system.up();
});
afterAll(async () => {
  await up?.stop();
  await system?.destroy();
});

/** Placed, judged, started, replayed to what the source holds now. */
async function proveLatest(name: string): Promise<void> {
  const sums = await sumsCovered(system);
  const { to, database } = placeFor(system, name);
  const restore = await system.procedure('restore', 'latest', '--to', to, '--place-only', '--component', 'database');
  expect(restore.error).toBeUndefined();
  await verifyPlaced(system, database);
  await proveCopy(system, database, sums);
}

test('doctor finds nothing amiss, and says what more rights would give', async () => {
  const { code, stdout } = await system.cli('doctor', '--json');
  const text = JSON.stringify(JSON.parse(stdout));
  expect(code).toBe(0);
  for (const found of ['replication_connection', 'settings_rights', 'grant pg_monitor to backup'])
    expect(text).toContain(found);
  expect(text).not.toContain('data_directory');
});

test('a backup under load restores whole, with nothing but REPLICATION', async () => {
  const load = await Load.start(system.cluster, { bench: true });
  const backup = await system.procedure('backup');
  await load.stop();
  expect(backup.error).toBeUndefined();
  expect(backup).toMatchObject({ status: 'completed', exit: 0, warnings: [] });
  expect(backup.bytes).toBeGreaterThan(1e6);
  await proveLatest('placed');
});

test('a restore in place is refused where there is no place, and says what works', async () => {
  const restore = await system.procedure('restore', 'latest', '--component', 'database');
  expect(restore).toMatchObject({ status: 'failed', exit: 2, error: { code: 'usage' } });
  expect(JSON.stringify(restore.error)).toContain('--to');
});

test('a role that may not replicate is refused before anything is stored', async () => {
  await system.cluster.psql('alter role backup noreplication');
  const backup = await system.procedure('backup');
  await system.cluster.psql('alter role backup replication');
  expect(backup).toMatchObject({ status: 'failed', exit: 2, error: { code: 'postgres_rights' } });
  expect(JSON.stringify(backup.error)).toContain('alter role backup replication');
});

test('a standby is the source, of the backup and of its WAL', async () => {
  // Before the shipper stops: what the standby never got would be missing between the two.
  const standby = await system.cluster.standby();
  await up.stop();
  const { socketDir, port } = system.cluster;
  const config = readFileSync(system.config, 'utf8').replace(socketDir, standby.socketDir);
  writeFileSync(system.config, config.replace(`port=${port}`, `port=${standby.port}`));
  up = await system.up();
  const load = await Load.start(system.cluster, { bench: true });
  const backup = await system.procedure('backup');
  await load.stop();
  expect(backup.error).toBeUndefined();
  expect(backup).toMatchObject({ status: 'completed', exit: 0 });
  await proveLatest('from-standby');
});
