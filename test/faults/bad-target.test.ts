/** Points in time that cannot be reached, and places that may not be written to: refused before anything is touched. */
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Cluster, startCluster } from '../support/postgres-cluster';
import { TestSystem, type Up } from '../support/system';
import { altered, expectRefusal, flipped, objects, treeOf, untouched } from './bad-case';

let system: TestSystem;
let up: Up;
let first: string;
let second: string;
const moments = { beforeAll: '', beforeGap: '', inGap: '', afterAll: '' };
/** A segment between the two backups that neither of them needs. */
let middle: string;

const now = () =>
  system.cluster.psql(`select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`);
const currentSegment = () => system.cluster.psql('select pg_walfile_name(pg_current_wal_lsn())');

beforeAll(async () => {
  system = await TestSystem.create({ cluster: { initdb: ['--wal-segsize=1'] } });
  const { psql } = { psql: (sql: string) => system.cluster.psql(sql) };
  await psql('create table t (id int, at timestamptz default now())');
  moments.beforeAll = await now();
  up = await system.up();
  first = (await system.procedure('backup')).backupId as string;
  await psql('insert into t select g from generate_series(1, 100) g');
  moments.beforeGap = await now();
  await psql(
    'insert into t values (90200); select pg_switch_wal(); insert into t select g from generate_series(1, 3000) g',
  );
  middle = await currentSegment();
  moments.inGap = await now();
  await psql(`insert into t values (90201); select pg_create_restore_point('in the gap'); select pg_switch_wal();
    insert into t select g from generate_series(1, 3000) g; select pg_switch_wal()`);
  second = (await system.procedure('backup')).backupId as string;
  await psql(`insert into t values (90300); select pg_create_restore_point('before lunch')`);
  moments.afterAll = await now();
  await psql('insert into t values (90301)');
  await system.covered(await now());
}, 60_000);
afterAll(async () => {
  await up?.stop();
  await system?.destroy();
});

const to = () => path.join(system.dir, 'out');
const restore = (...args: string[]) => untouched(system, () => system.procedure('restore', ...args));

describe('a target', () => {
  test('before the first recoverable point names that point', async () => {
    const end = await restore('latest', '--at', moments.beforeAll);
    expectRefusal(end, 'timestamp_out_of_range', {
      says: /no backup ends before/,
      hint: /earliest recoverable point is 20/,
    });
    const named = await restore(first, '--at', moments.beforeAll, '--to', to());
    expectRefusal(named, 'timestamp_out_of_range', { says: /before the end of the backup/, hint: /from 20.* to 20/ });
  });

  test('after the last recoverable point names that point', async () => {
    const end = await restore('latest', '--at', '2099-01-01T00:00:00Z');
    expectRefusal(end, 'timestamp_out_of_range', { says: /after the last recoverable point/, hint: /from 20.* to 20/ });
  });

  test('without a zone is refused, whatever the zone of the host', async () => {
    const end = await restore('latest', '--at', '2026-01-01 10:00:00');
    expectRefusal(end, 'target_invalid', { says: /zone/, hint: /Z|\+\d\d:\d\d/ });
  });

  test.each<[string, RegExp]>([
    ['time:tomorrow', /tomorrow/],
    ['2026-13-45T00:00:00Z', /2026-13-45/],
    ['lsn:0/XYZ', /XYZ/],
    ['xid:0', /not a transaction/],
    ['xid:many', /not a transaction/],
    ['name:', /name/],
  ])('%s is refused as what it is', async (target, says) => {
    expectRefusal(await restore('latest', '--at', target, '--to', to()), 'target_invalid', { says });
  });

  test('at a restore point that never was lists those there are', async () => {
    const end = await restore('latest', '--at', 'name:after lunch');
    expectRefusal(end, 'target_not_found', { says: /"after lunch"/, hint: /before lunch/ });
  });

  test('at positions and transactions that are not there', async () => {
    expectRefusal(await restore('latest', '--at', 'lsn:FF/0'), 'target_not_found', { says: /FF\/0.*after the last/ });
    expectRefusal(await restore('latest', '--at', 'lsn:0/28'), 'timestamp_out_of_range', {
      says: /no backup ends before/,
    });
    expectRefusal(await restore('latest', '--at', 'xid:999999'), 'target_not_found', {
      says: /999999/,
      hint: /from 20/,
    });
  });

  test('on a timeline that is not there names those there are', async () => {
    const end = await restore('latest', '--timeline', '7');
    expectRefusal(end, 'timeline_unreachable', { says: /timeline 7/, hint: /reachable: 1/ });
    expectRefusal(await restore('latest', '--timeline', 'seven'), 'usage', { says: /seven/ });
  });

  test('of a backup that is not there', async () => {
    const end = await restore('sys_full_20200101_000000');
    expectRefusal(end, 'backup_not_found', { says: /sys_full_20200101_000000/, hint: /holdfast list/ });
  });
});

describe('a gap in the WAL', () => {
  const segment = () =>
    path.join(system.storeDir, objects(system.storeDir, new RegExp(`/segments/${middle}$`))[0] as string);
  const missing = <T>(act: () => Promise<T>) => altered(segment(), () => undefined, act);

  test('shows as two intervals', async () => {
    const { stdout } = await missing(() => system.cli('points', '--json'));
    const [database] = JSON.parse(stdout) as { intervals: { backups: string[] }[]; gaps: unknown[] }[];
    expect(database?.intervals.map(({ backups }) => backups)).toEqual([[first], [second]]);
    expect(database?.gaps).toHaveLength(1);
  });

  test('is refused as a target by time and by name, and what lies before and after it is not', async () => {
    await missing(async () => {
      const byTime = await restore('latest', '--at', moments.inGap);
      expectRefusal(byTime, 'wal_gap', { says: /missing on the way/, where: middle, hint: /after the gap/ });
      const byName = await restore(first, '--at', 'name:in the gap');
      expectRefusal(byName, 'wal_gap', { says: /missing on the way/, where: middle });
      const before = await system.procedure('restore', 'latest', '--at', moments.beforeGap, '--to', to(), '--dry-run');
      expect(before).toMatchObject({ status: 'completed', backupId: first });
      const after = await system.procedure('restore', 'latest', '--at', moments.afterAll, '--to', to(), '--dry-run');
      expect(after).toMatchObject({ status: 'completed', backupId: second });
    });
  });

  test('a damaged segment there is told as damage', async () => {
    const end = await altered(segment(), flipped(), () => restore('latest', '--at', moments.inGap));
    expectRefusal(end, 'checksum_mismatch', { says: /damaged|bytes|sealed/, where: middle });
  });

  test('restored to after it, the data is there', async () => {
    const end = await missing(() =>
      system.procedure('restore', second, '--at', 'name:before lunch', '--to', to(), '--start'),
    );
    expect(end).toMatchObject({ status: 'completed', exit: 0 });
    const port = end.restored?.find(({ component }) => component === 'database')?.port as number;
    const copy = await system.cluster.client({ host: '127.0.0.1', port });
    const { rows } = await copy.query('select id from t where id > 90000 order by id');
    await copy.end();
    await system.cluster.program('pg_ctl', ['-D', path.join(to(), 'database'), '-m', 'immediate', 'stop']);
    expect(rows.map(({ id }: { id: number }) => id)).toEqual([90200, 90201, 90300]);
    renameSync(to(), path.join(system.dir, 'taken-out'));
  });
});

describe('a place', () => {
  let running: Cluster;
  beforeAll(async () => {
    running = await startCluster({ name: 'oth' });
  });
  afterAll(async () => {
    await running?.destroy();
  });

  test.each(['database', 'config'])('that is not empty is refused: %s', async (component) => {
    const place = path.join(system.dir, `full-${component}`);
    mkdirSync(path.join(place, component), { recursive: true });
    writeFileSync(path.join(place, component, 'somebody’s'), 'work');
    const before = treeOf(place);
    const end = await restore('latest', '--to', place);
    expectRefusal(end, 'target_not_empty', { says: /not empty/, where: `${place}/${component}`, hint: /empty or new/ });
    expect(treeOf(place)).toEqual(before);
  });

  test('that is a file is refused', async () => {
    const place = path.join(system.dir, 'a-file');
    writeFileSync(place, 'work');
    const end = await restore('latest', '--to', place);
    expectRefusal(end, 'target_not_empty', { says: /no directory/, where: place });
  });

  test('where another server runs is refused', async () => {
    const place = path.join(system.dir, 'served');
    mkdirSync(place);
    symlinkSync(running.dataDir, path.join(place, 'database'));
    const since = await running.psql('select pg_postmaster_start_time()');
    const end = await restore('latest', '--to', place);
    expectRefusal(end, 'target_in_use', { says: /server runs/, where: `${place}/database` });
    expect(await running.psql('select pg_postmaster_start_time()')).toBe(since);
  });

  test('for a tablespace that the backup does not have is refused', async () => {
    const end = await restore('latest', '--to', to(), '--tablespace-map', '/no/such=/other');
    expectRefusal(end, 'usage', { says: /tablespace map/, hint: /tablespaces of this backup/ });
  });
});
