/** What a careless restore would get wrong: a quiet database, the source's own tablespaces, a server that is none of ours. */
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parse, stringify } from 'yaml';
import { type Cluster, startCluster } from '../support/postgres-cluster';
import { tableSums } from '../support/proof';
import { TestSystem, type Up } from '../support/system';
import { serverTime } from './load';
import { placeFor, proveCopy, sumsCovered } from './whole-chain';

let system: TestSystem;
let up: Up;
let other: Cluster;
beforeAll(async () => {
  system = await TestSystem.create({ cluster: { tablespaces: ['fast'] } });
  other = await startCluster({ name: 'ot' });
  await system.cluster.psql(`create table t (id int primary key);
    insert into t select generate_series(1, 1000); create table u (id int) tablespace fast; insert into u values (1);`);
  up = await system.up();
  const backup = await system.procedure('backup');
  expect(backup.error).toBeUndefined();
});
afterAll(async () => {
  await up?.stop();
  await other?.destroy();
  await system?.destroy();
});

test('a quiet database can be restored to a time after its last commit', async () => {
  await system.cluster.psql('insert into t values (5000)');
  const sums = await sumsCovered(system);
  await system.cluster.psql('select pg_sleep(2)');
  const quiet = await serverTime(system.cluster);
  await system.covered(quiet);
  const { to, database } = placeFor(system, 'quiet');
  const restore = await system.procedure('restore', 'latest', '--at', quiet, '--to', to);
  expect(restore.error).toBeUndefined();
  expect(restore).toMatchObject({ status: 'completed', recoveryPoint: quiet });
  await proveCopy(system, database, sums);
});

test('a time in the future is refused: nobody knows yet what will be committed', async () => {
  const { to } = placeFor(system, 'future');
  const restore = await system.procedure('restore', 'latest', '--at', '2199-01-01T00:00:00Z', '--to', to);
  expect(restore).toMatchObject({ exit: 2, error: { code: 'timestamp_out_of_range' } });
  expect(existsSync(to)).toBe(false);
});

test('tablespaces go where --tablespace-map says, data belongs to --owner, and --start leaves it running', async () => {
  const sums = await sumsCovered(system);
  const { to, database } = placeFor(system, 'mapped');
  const moved = path.join(system.dir, 'moved', 'fast');
  const from = await system.cluster.psql(
    `select pg_tablespace_location(oid) from pg_tablespace where spcname = 'fast'`,
  );
  const options = ['--component', 'database', '--tablespace-map', `${from}=${moved}`, '--start'];
  const owner = process.getuid?.() === 0 ? ['--owner', 'postgres'] : [];
  const restore = await system.procedure('restore', 'latest', '--to', to, ...options, ...owner);
  expect(restore.error).toBeUndefined();
  const [found] = restore.restored ?? [];
  expect(found).toMatchObject({ component: 'database', path: database, port: expect.any(Number) });
  const at = { host: '127.0.0.1', port: found?.port };
  try {
    expect(await tableSums(system.cluster, at)).toEqual(sums);
    const client = await system.cluster.client(at);
    const { rows } = await client.query(
      `select pg_tablespace_location(oid) as at from pg_tablespace where spcname = 'fast'`,
    );
    expect(rows).toEqual([{ at: moved }]);
    await client.end();
    const where = ['-h', '127.0.0.1', '-p', String(found?.port), '-U', 'postgres'];
    await system.cluster.program('pg_amcheck', [...where, '--all', '--install-missing']);
  } finally {
    await system.cluster.program('pg_ctl', ['-D', database, '-w', '-m', 'fast', 'stop']);
  }
});

test('a tablespace made after the backup: a copy on the source’s host is refused, and the source is unharmed', async () => {
  const before = await serverTime(system.cluster);
  // Replay stops at the first commit after its target: this one, and not the one that follows the record of the tablespace.
  await system.cluster.psql('insert into t values (6000)');
  await system.cluster.createTablespace('later');
  await system.cluster.psql('create table v tablespace later as select generate_series(1, 3000) as id');
  const sums = await sumsCovered(system);
  const { to, database } = placeFor(system, 'conflict');
  const restore = await system.procedure('restore', 'latest', '--to', to);
  expect(restore).toMatchObject({ exit: 2, error: { code: 'tablespace_conflict' } });
  expect(existsSync(to)).toBe(false);
  await system.cluster.psql('checkpoint; select count(*) from v; insert into v values (0); checkpoint');
  await system.cluster.psql('delete from v where id = 0');
  expect(await tableSums(system.cluster)).toEqual(sums);
  await system.cluster.program('pg_amcheck', ['--all', '--install-missing']);
  // Up to a time before it was made there is no conflict.
  const earlier = await system.procedure('restore', 'latest', '--at', before, '--to', to, '--component', 'database');
  expect(earlier.error).toBeUndefined();
  expect(existsSync(path.join(database, 'PG_VERSION'))).toBe(true);
});

describe('a running server that is none of ours', () => {
  test('is never restored over by --to', async () => {
    const { to, database } = placeFor(system, 'taken');
    mkdirSync(to);
    symlinkSync(other.dataDir, database);
    const restore = await system.procedure('restore', 'latest', '--to', to, '--component', 'database');
    expect(restore).toMatchObject({ exit: 2, error: { code: expect.stringMatching(/^target_(?:in_use|not_empty)$/) } });
    expect(await other.psql('select 1')).toBe('1');
  });

  test('is never restored over in place, whatever the configuration says', async () => {
    const text = readFileSync(system.config, 'utf8');
    const config = parse(text) as { sites: { dc01: { components: { database: { dataDir: string } } } } };
    config.sites.dc01.components.database.dataDir = other.dataDir;
    writeFileSync(system.config, stringify(config));
    await up.stop();
    up = await system.up();
    const restore = await system.procedure('restore', 'latest');
    writeFileSync(system.config, text);
    expect(restore).toMatchObject({ status: 'failed', exit: 2, error: { code: 'target_in_use' } });
    expect(await other.psql('select 1')).toBe('1');
    expect(await system.cluster.psql('select count(*) > 1000 from t')).toBe('t');
  });
});
