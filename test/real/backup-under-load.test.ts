/** A database and a tree of files, backed up while both are in use: what is stored, what it tells, and what comes back. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { ProcedureResult } from '../../domain/progress';
import { diskUse, lookAtTree } from '../components/tree/look';
import { makeSampleTree } from '../components/tree/sample';
import { TestSystem, type Up } from '../support/system';
import { Load, scale } from './load';
import { placeFor, proveCopy, sumsCovered, verifyPlaced } from './whole-chain';

const secretRow = 'never-in-the-clear-row';
const secretFile = 'never-in-the-clear-name';

let system: TestSystem;
let up: Up;
let backup: ProcedureResult & { exit: number | null };
let tree: string[];

beforeAll(async () => {
  system = await TestSystem.create({
    cluster: { tablespaces: ['fast'], checksums: true },
    files: (folder) => {
      makeSampleTree(folder);
      execFileSync('sh', ['-c', `echo ${secretRow} > ${path.join(folder, secretFile)}`]);
    },
  });
  const { cluster } = system;
  await cluster.pgbench(['-i', '-q', '-s', String(scale)]);
  await cluster.psql(`create database other;
    create table spaced (id int primary key, x text) tablespace fast;
    insert into spaced select g, md5(g::text) from generate_series(1, 20000) g;
    create index on spaced (x) tablespace fast;
    create unlogged table fleeting as select generate_series(1, 1000) as n;
    create table told (x text); insert into told values ('${secretRow}');
    select count(lo_from_bytea(0, decode(md5(g::text), 'hex'))) from generate_series(1, 200) g;`);
  await cluster.psql('create table here (x int); insert into here values (1)', 'other');
  tree = lookAtTree(system.filesDir);
  up = await system.up();
  const load = await Load.start(cluster, { bench: true });
  backup = await system.procedure('backup');
  await load.stop();
});
afterAll(async () => {
  await up?.stop();
  await system?.destroy();
});

const folder = () => path.join(system.storeDir, 'backups', backup.backupId as string);
const json = (name: string) => JSON.parse(readFileSync(path.join(folder(), name), 'utf8')) as Record<string, unknown>;

test('the backup completes under load, without a warning of the shipper', () => {
  expect(backup.error).toBeUndefined();
  expect(backup).toMatchObject({
    status: 'completed',
    exit: 0,
    backupId: expect.stringMatching(/^sys_full_\d{8}_\d{6}/),
  });
  expect(backup.warnings.filter((one) => one.includes('shipper'))).toEqual([]);
});

test('sha256sum checks every stored object, and no object is left out of its list', () => {
  const out = execFileSync('sha256sum', ['-c', '--quiet', '--strict', 'checksums.sha256'], { cwd: folder() });
  expect(String(out)).toBe('');
  const listed = readFileSync(path.join(folder(), 'checksums.sha256'), 'utf8').trimEnd().split('\n');
  const packs = listed.filter((line) => line.includes(' packs/') || line.includes('*packs/'));
  expect(packs).toHaveLength(readdirSync(path.join(folder(), 'packs')).length);
});

test('the manifest and the receipt beside the backup have the keys that people and programs read', () => {
  expect(json('manifest.json')).toMatchObject({
    backup_id: backup.backupId,
    timestamp: expect.stringMatching(/Z$/),
    site_id: 'dc01',
    type: 'full',
    components: { database: { size: expect.any(Number) }, config: { size: expect.any(Number) } },
  });
  const receipt = json('receipt.json');
  const keys = ['receipt_version', 'backup_id', 'timestamp', 'backup_type', 'git_sha', 'image_digest', 'hostname'];
  expect(Object.keys(receipt).sort()).toEqual(
    [...keys, 'service', 'exit_code', 'checksum_hash', 'backup_path', 'holdfast'].sort(),
  );
  const sum = execFileSync('sha256sum', [path.join(folder(), 'checksums.sha256')]);
  expect(receipt).toMatchObject({
    receipt_version: '1.0',
    backup_id: backup.backupId,
    backup_type: 'full',
    git_sha: null,
    service: 'sys-backup',
    exit_code: 0,
    checksum_hash: String(sum).slice(0, 64),
    backup_path: folder(),
  });
});

test('the catalog tells the backup as a line of JSON, on stdout and in the store', async () => {
  const { code, stdout } = await system.cli('list', '--jsonl');
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    backup_id: backup.backupId,
    type: 'full',
    timestamp: expect.stringContaining(backup.startedAt.slice(0, 10)),
    path: folder(),
    retention_days: 30,
    status: 'completed',
    site_id: 'dc01',
  });
  expect(readFileSync(path.join(system.storeDir, 'catalog/backups.jsonl'), 'utf8').trim()).toBe(stdout.trim());
});

test('nothing in the store gives away a name or contents', () => {
  const search = (text: string) =>
    execFileSync('sh', ['-c', `grep -rlaF -e '${text}' . || true; find . -name '*${text}*'`], { cwd: system.storeDir });
  for (const text of [secretRow, secretFile, system.filesDir, system.cluster.dataDir, 'pg_control', 'PG_VERSION']) {
    expect([text, String(search(text))]).toEqual([text, '']);
  }
});

test('a copy that is only placed passes pg_verifybackup, then starts and replays without us', async () => {
  const sums = await sumsCovered(system);
  const { to, database } = placeFor(system, 'placed');
  const restore = await system.procedure('restore', 'latest', '--to', to, '--place-only');
  expect(restore.error).toBeUndefined();
  expect(restore).toMatchObject({ status: 'completed', exit: 0 });
  await verifyPlaced(system, database);
  await up.stop();
  await proveCopy(system, database, sums);
  const restored = path.join(to, 'config', system.filesDir);
  expect(lookAtTree(restored)).toEqual(tree);
  for (const file of ['sparse-both-ends', 'sparse-data-at-ends', 'sparse-nothing']) {
    expect(diskUse(path.join(restored, file))).toBeLessThanOrEqual(diskUse(path.join(system.filesDir, file)));
  }
  up = await system.up();
});

test('an unlogged table comes back empty and can be used', async () => {
  const { to, database } = placeFor(system, 'unlogged');
  const restore = await system.procedure('restore', 'latest', '--to', to, '--component', 'database', '--start');
  expect(restore.error).toBeUndefined();
  const port = restore.restored?.[0]?.port;
  const client = await system.cluster.client({ host: '127.0.0.1', port });
  expect((await client.query('select count(*)::int as n from fleeting')).rows).toEqual([{ n: 0 }]);
  await client.query('insert into fleeting values (1)');
  await client.end();
  await system.cluster.program('pg_ctl', ['-D', database, '-w', '-m', 'fast', 'stop']);
});
