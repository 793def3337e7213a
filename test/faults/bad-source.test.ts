/** What cannot be backed up is refused with what to do about it; what is backed up broken is told with its place. */
import { closeSync, existsSync, openSync, readSync, writeSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { enterClient } from '../../client/engine/state-files';
import type { BackupHead } from '../../domain/backup';
import { type Cluster, startCluster } from '../support/postgres-cluster';
import { TestSystem } from '../support/system';
import { expectRefusal, objects } from './bad-case';

let system: TestSystem;
let leave: () => Promise<void>;
let other: Cluster;

beforeAll(async () => {
  other = await startCluster({ name: 'min', conf: { wal_level: 'minimal', max_wal_senders: 0 } });
  system = await TestSystem.create({
    cluster: { conf: { max_replication_slots: 2, max_wal_senders: 4 } },
    configure: (config) => {
      const { components } = (config['sites'] as { dc01: { components: Record<string, Record<string, unknown>> } })
        .dc01;
      const { connection, dataDir } = components['database'] as { connection: string; dataDir: string };
      Object.assign(components, {
        weak: { kind: 'postgres', connection: connection.replace('user=postgres', 'user=weak'), dataDir },
        elsewhere: { kind: 'postgres', connection, dataDir: other.dataDir },
        minimal: { kind: 'postgres', connection: other.conninfo, dataDir: other.dataDir },
        nowhere: { kind: 'postgres', connection: `host=${other.dir} user=postgres`, dataDir: other.dataDir },
        stranger: { kind: 'postgres', connection: connection.replace('user=postgres', 'user=nobody_at_all'), dataDir },
        gone: { kind: 'files', paths: [path.join(other.dir, 'no-such-folder')] },
      });
    },
  });
  await system.cluster.psql(`create role weak login;
    create table t as select g as id, md5(g::text) as x from generate_series(1, 20000) g; checkpoint`);
  // Each command brings its own workers, and ends the server only when nobody else is there.
  leave = await enterClient(system.stateDir);
}, 60_000);
afterAll(async () => {
  await leave?.();
  await system?.destroy();
  await other?.destroy();
});

const backup = (component: string) => system.procedure('backup', '--component', component);
/** Nothing of a refused backup is in the store, but receipts and what tells that it failed. */
const packs = () => objects(system.storeDir, /^backups\/.*\/(?:packs|index|plan|sealed)/);

describe('what a check before the first byte finds', () => {
  test.each<[string, Parameters<typeof expectRefusal>[1], RegExp, RegExp]>([
    ['weak', 'postgres_rights', /weak: the role may not/, /grant|alter role/],
    ['stranger', 'postgres_rights', /nobody_at_all/, /role|connection/],
    ['elsewhere', 'wrong_data_directory', /another system than the one that answers/, /set dataDir to/],
    ['minimal', 'postgres_misconfigured', /wal_level is minimal/, /alter system set wal_level/],
    ['gone', 'source_unreadable', /no-such-folder does not exist/, /configuration/],
  ])('the component %s is refused before anything is stored', async (component, code, says, hint) => {
    expectRefusal(await backup(component), code, { says, hint });
    expect(packs()).toEqual([]);
    expect(JSON.parse((await system.cli('list', '--json')).stdout)).toEqual([]);
  });
});

test('a server that is down is told within seconds, with what to check', async () => {
  const end = await backup('nowhere');
  expectRefusal(end, 'postgres_unreachable', { says: /reach|connect/, hint: /is it running/ });
  expect(end.seconds).toBeLessThan(60);
  expect(packs()).toEqual([]);
});

test('names that are none are refused with the nearest one', async () => {
  expectRefusal(await backup('databse'), 'usage', { says: /databse/, hint: /"database"/ });
  expectRefusal(await system.procedure('backup', '--site', 'dc02'), 'usage', { says: /dc02/, hint: /dc01/ });
  expectRefusal(await system.procedure('backup', '--tier', 'daily'), 'usage', { says: /daily/, hint: /none/ });
});

test('a page with a wrong checksum is told by file and block, and the backup is flagged', async () => {
  const file = await system.cluster.psql(`select pg_relation_filepath('t')`);
  await system.cluster.stop();
  const heap = openSync(path.join(system.cluster.dataDir, file), 'r+');
  const at = 3 * 8192 + 5000;
  const byte = Buffer.alloc(1);
  readSync(heap, byte, 0, 1, at);
  writeSync(heap, Buffer.of((byte[0] as number) ^ 0xff), 0, 1, at);
  await system.cluster.start();
  const end = await backup('database');
  writeSync(heap, byte, 0, 1, at);
  closeSync(heap);
  expect(end).toMatchObject({ status: 'completed', exit: 0 });
  const told = `${file}: blocks 3 have a wrong checksum on the server`;
  expect(end.warnings).toContain(told);
  const [head] = JSON.parse((await system.cli('list', '--json')).stdout) as BackupHead[];
  expect(head?.components['database']?.warnings).toHaveLength(1);
  expect((await system.cli('list')).stdout).toMatch(/1 warning/);
});

describe('the replication slot', () => {
  const slot = 'holdfast_sys_dc01_database';

  test('when another program receives from it, the backup is refused and the program named', async () => {
    const client = await system.cluster.client();
    const taken = await holdSlot(slot);
    const end = await backup('database');
    await taken();
    expectRefusal(end, 'slot_busy', { says: new RegExp(slot), where: /pg_receivewal/, hint: /end that program/ });
    const { rows } = await client.query('select active from pg_replication_slots where slot_name = $1', [slot]);
    expect(rows).toEqual([{ active: false }]);
  });

  test('when there is none left for ours, the backup says which setting', async () => {
    await system.cluster.psql(`select pg_drop_replication_slot('${slot}');
      select pg_create_physical_replication_slot('one'); select pg_create_physical_replication_slot('two')`);
    const end = await backup('database');
    expectRefusal(end, 'postgres_misconfigured', {
      says: /none of 2 replication slots/,
      hint: /max_replication_slots = 6/,
    });
    await system.cluster.psql(`select pg_drop_replication_slot('one')`);
  });

  test('when no WAL sender is left for ours, the backup says which setting', async () => {
    const taken = await Promise.all([1, 2, 3, 4].map((number) => holdSender(`received-${number}`)));
    const end = await backup('database');
    for (const release of taken) await release();
    expectRefusal(end, 'postgres_misconfigured', { says: /none of 4 WAL senders/, hint: /max_wal_senders = 8/ });
  });

  test('when ours is the last one, nothing is lacking', async () => {
    const first = await backup('database');
    expect(first).toMatchObject({ status: 'completed' });
    expect(await backup('database')).toMatchObject({ status: 'completed' });
    await system.cluster.psql(`select pg_drop_replication_slot('two')`);
  });
});

test('a refused or failed backup leaves no session in backup mode and no receiver', async () => {
  const sql = `select count(*) from pg_stat_activity where application_name like 'holdfast%'`;
  for (let tries = 0; tries < 50 && (await system.cluster.psql(sql)) !== '0'; tries++) await sleep(100);
  expect(await system.cluster.psql(sql)).toBe('0');
  expect(existsSync(path.join(system.cluster.dataDir, 'backup_label'))).toBe(false);
});

/** PostgreSQL's own receiver on a slot, made when it is not there; returns how to end it. */
async function holdSlot(slot: string): Promise<() => Promise<void>> {
  await system.cluster.psql(`select pg_create_physical_replication_slot('${slot}', true)
    where not exists (select from pg_replication_slots where slot_name = '${slot}')`);
  return holdSender('received', '-S', slot);
}

/** The server ends its connection, and without a loop the program ends with it. */
async function holdSender(name: string, ...more: string[]): Promise<() => Promise<void>> {
  const folder = system.cluster.directory(path.join(system.cluster.dir, name));
  const conninfo = `${system.cluster.conninfo} application_name=pg_receivewal-${name}`;
  const receiving = system.cluster.program('pg_receivewal', ['-d', conninfo, '-D', folder, '--no-loop', ...more]);
  receiving.catch(() => undefined);
  const found = `select pid from pg_stat_replication where application_name = 'pg_receivewal-${name}'`;
  let pid = '';
  for (let tries = 0; tries < 200 && pid === ''; tries++) {
    await sleep(50);
    pid = await system.cluster.psql(found);
  }
  return async () => {
    await system.cluster.psql(`select pg_terminate_backend(${pid}, 5000)`);
    await receiving.catch(() => undefined);
  };
}
