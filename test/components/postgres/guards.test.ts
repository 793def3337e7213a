/** What keeps a restore from harming what is there. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { exclusions, relationFile } from '../../../components/postgres/exclusions';
import { pidTaken, runningInstance } from '../../../components/postgres/instance';
import { clearStalePidFile } from '../../../components/postgres/replay-files';
import { failureIn, isPassing } from '../../../components/postgres/replay-log';
import { refuseTablespaceConflicts, tablespaceConflicts } from '../../../components/postgres/tablespace-conflicts';
import { checkFreshTarget, checkInPlaceTarget } from '../../../components/postgres/target';
import { findServerTools } from '../../../components/postgres/tools';
import { type Cluster, startCluster } from '../../support/postgres-cluster';

let dir: string;
let cluster: Cluster;
beforeAll(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'hf-grd-'));
  cluster = await startCluster({ name: 'grd' });
});
afterAll(async () => {
  await cluster.destroy();
  rmSync(dir, { recursive: true });
});

test("a tablespace that the WAL makes where something lies is refused, unless it is the target's own", () => {
  const live = path.join(dir, 'live');
  mkdirSync(path.join(live, 'PG_15_1'), { recursive: true });
  symlinkSync(live, path.join(dir, 'alias'));
  mkdirSync(path.join(dir, 'empty'));
  const created = ['live', 'alias', 'empty', 'absent'].map((name) => ({ path: path.join(dir, name) }));
  expect(tablespaceConflicts(created, []).map((one) => path.basename(one.path))).toEqual(['live', 'alias']);
  expect(tablespaceConflicts(created, [dir])).toEqual([]);
  expect(tablespaceConflicts(created, [path.join(dir, 'liv')])).toHaveLength(2);
  expect(() => refuseTablespaceConflicts(created, [])).toThrow(
    expect.objectContaining({ code: 'tablespace_conflict' }),
  );
});

test('a target in use, or full of something else, is refused', () => {
  const refused = (code: string) => expect.objectContaining({ code });
  expect(() => checkFreshTarget(cluster.dataDir)).toThrow(refused('target_in_use'));
  expect(() => checkFreshTarget(dir)).toThrow(refused('target_not_empty'));
  expect(() => checkFreshTarget(path.join(dir, 'absent'))).not.toThrow();
  expect(() => checkInPlaceTarget(cluster.dataDir, '1')).toThrow(refused('target_in_use'));
  expect(() => checkInPlaceTarget(dir, '1')).toThrow(refused('target_not_empty'));
});

test('a server of the right system may be replaced in place', async () => {
  const id = await cluster.psql('select system_identifier from pg_control_system()');
  expect(() => checkInPlaceTarget(cluster.dataDir, id)).not.toThrow();
});

test("a killed server that nobody has reaped is waited for, a pid that is somebody else's now is not", async () => {
  const data = path.join(dir, 'data');
  mkdirSync(data);
  const pidFile = path.join(data, 'postmaster.pid');
  // The first sleep's parent becomes another program, which reaps nothing: a zombie until that one ends.
  const shell = spawn('/bin/sh', ['-c', 'sleep 0 & echo $!; exec sleep 1'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [pid] = (await once(shell.stdout, 'data')) as [Buffer];
  await sleep(200);
  writeFileSync(pidFile, `${String(pid).trim()}\n${data}\n`);
  expect(runningInstance(data)).toBeUndefined();
  expect(pidTaken(Number(pid))).toBe(true);
  await clearStalePidFile(data);
  expect(pidTaken(Number(pid))).toBe(false);
  writeFileSync(pidFile, `${process.pid}\n${data}\n`);
  expect(runningInstance(data)).toBeUndefined();
  await clearStalePidFile(data);
  expect(existsSync(pidFile)).toBe(false);
});

test('the server programs are found by major version, and what is missing is named', async () => {
  const major = Number((await cluster.psql('show server_version_num')).slice(0, 2));
  const tools = await findServerTools(major);
  expect(tools.program('pg_ctl')).toMatch(/pg_ctl$/);
  expect(() => tools.program('pg_nothing')).toThrow(expect.objectContaining({ code: 'tools_not_found' }));
  await expect(findServerTools(97, { PG_BINDIR: tools.binDir })).rejects.toMatchObject({
    code: 'tools_not_found',
    hints: expect.arrayContaining([expect.stringContaining(tools.version)]),
  });
});

test('what does not belong into a backup is judged by place and name', () => {
  const base = path.join(dir, 'base', '5');
  mkdirSync(base, { recursive: true });
  for (const name of ['100', '100_init', '101']) writeFileSync(path.join(base, name), '');
  const judge = exclusions(dir);
  const skipped = [
    ...['postmaster.pid', 'backup_label.old', 'backup_manifest', 'base/5/100', 'base/5/100.1', 'base/5/100_fsm'],
    ...[
      'base/5/t3_200',
      'base/5/t3_200_fsm',
      'base/5/pgsql_tmp1.0',
      'base/5/pg_internal.init.77',
      'pg_wal/000000010000000000000001',
    ],
  ];
  const kept = [
    'base/5/100_init',
    'base/5/101',
    'base/5/PG_VERSION',
    'base/5/postmaster.pid',
    'pg_wal',
    'global/pg_control',
  ];
  expect(skipped.filter((one) => judge(one, false) !== 'skip')).toEqual([]);
  expect(kept.filter((one) => judge(one, false) !== undefined)).toEqual([]);
  expect(['pg_replslot', 'pg_wal/archive_status', 'base/pgsql_tmp'].map((one) => judge(one, true))).toEqual(
    Array(3).fill('keep-empty'),
  );
  const inSpace = exclusions(dir, 'PG_15_1');
  expect([inSpace('PG_15_1', true), inSpace('PG_16_2', true), inSpace('PG_15_1/5/101', false)]).toEqual([
    undefined,
    'skip',
    undefined,
  ]);
});

test('pages are judged in relation files only, each piece by its own block numbers', () => {
  expect(relationFile('base/5', '16384', true)).toEqual({ relfilenode: '16384', segment: 0 });
  expect(relationFile('base/5', '16384_vm.2', true)).toEqual({ relfilenode: '16384', segment: 2 });
  expect(relationFile('PG_15_1/5', '7.3', false)).toEqual({ relfilenode: '7', segment: 3 });
  expect(relationFile('global', '1262', true)).toEqual({ relfilenode: '1262', segment: 0 });
  for (const name of ['pg_control', 'PG_VERSION', 'pg_filenode.map', 't1_16384']) {
    expect(relationFile('global', name, true)).toBeUndefined();
  }
  expect(relationFile('pg_xact', '0000', true)).toBeUndefined();
});

test.each([
  ['FATAL:  recovery ended before configured recovery target was reached', 'log_apply_failed'],
  ["FATAL:  requested timeline 7 is not a child of this server's history", 'timeline_unreachable'],
  ['PANIC:  could not write to file "x": No space left on device', 'target_full'],
  ['FATAL:  database files are incompatible with server', 'wrong_version'],
  ['FATAL:  something never heard of', 'database_restore_failed'],
])('%s is told as %s', (line, code) => {
  const lines = ['LOG:  starting', line, 'DETAIL:  more of it', 'LOG:  database system is shut down'];
  expect(failureIn(lines)).toMatchObject({ code, message: expect.stringContaining('more of it') });
  expect(isPassing(lines)).toBe(false);
});
