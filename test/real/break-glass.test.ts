/**
 * Break-glass: the machine, the catalog, every cache and Temporal's database are gone. What is left is the configuration, the key
 * and the bucket; that must be enough.
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { lookAtTree } from '../components/tree/look';
import { TestSystem } from '../support/system';
import { Load, serverTime } from './load';
import { placeFor, proveCopy, sumsCovered, verifyPlaced } from './whole-chain';

let system: TestSystem;
let sums: Record<string, string>;
let backupId: string;
let until: string;
let tree: string[];

beforeAll(async () => {
  system = await TestSystem.create({ store: 's3', cluster: { tablespaces: ['fast'] } });
  const { cluster } = system;
  await cluster.psql(`create table t tablespace fast as select g as id, md5(g::text) as x from generate_series(1, 5000) g;
    select lo_from_bytea(0, 'a large object')`);
  const up = await system.up();
  const load = await Load.start(cluster, { clients: 1 });
  const backup = await system.procedure('backup');
  expect(backup.error).toBeUndefined();
  backupId = backup.backupId as string;
  await load.stop();
  sums = await sumsCovered(system);
  until = await serverTime(cluster);
  await cluster.psql('drop table t');
  await sumsCovered(system);
  tree = lookAtTree(system.filesDir);
  await up.stop();
  loseEverything();
  await cluster.stop('immediate');
});
afterAll(async () => {
  await system?.destroy();
});

/** Everything but configuration, key and backups. The server's directory stays for its programs' working directory only. */
function loseEverything(): void {
  const bucket = (system.s3 as NonNullable<typeof system.s3>).folder;
  expect(existsSync(path.join(bucket, 'catalog'))).toBe(true);
  rmSync(path.join(bucket, 'catalog'), { recursive: true });
  rmSync(path.join(system.dir, 'state'), { recursive: true });
  rmSync(system.filesDir, { recursive: true });
}

test('without a catalog nothing is found, and the way out is told', async () => {
  const { to } = placeFor(system, 'early');
  const restore = await system.procedure('restore', 'latest', '--to', to);
  expect(restore).toMatchObject({ exit: 2, error: { code: 'backup_not_found' } });
  expect(restore.error?.hints.join()).toContain('holdfast catalog rebuild');
});

test('the catalog is made again from the backups', async () => {
  const { code, stdout } = await system.cli('catalog', 'rebuild', '--json');
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ rebuilt: [backupId], kept: [], unusable: [] });
  const list = await system.cli('list', '--json');
  expect(JSON.parse(list.stdout)).toMatchObject([{ id: backupId, status: 'completed' }]);
  const points = await system.cli('points', '--json');
  expect(points.stdout).toContain(backupId);
});

test('config, key and bucket bring everything back, to the second before the accident', async () => {
  const { to, database } = placeFor(system, 'rescued');
  const placed = await system.procedure('restore', 'latest', '--at', until, '--to', to, '--place-only');
  expect(placed.error).toBeUndefined();
  await verifyPlaced(system, database);
  await proveCopy(system, database, sums);
  expect(lookAtTree(path.join(to, 'config', system.filesDir))).toEqual(tree);
});

test('on another machine: the configuration and the key copied, no state at all', async () => {
  const away = path.join(system.dir, 'away');
  mkdirSync(away);
  copyFileSync(system.keyFile, path.join(away, 'master.key'));
  copyFileSync(system.config, path.join(away, 'holdfast.yaml'));
  expect(readFileSync(path.join(away, 'holdfast.yaml'), 'utf8')).toContain(system.keyFile);
  rmSync(path.join(system.dir, 'state'), { recursive: true, force: true });
  const { to, database } = placeFor(system, 'away/out');
  const config = path.join(away, 'holdfast.yaml');
  const restore = await system.procedure('restore', backupId, '--config', config, '--at', until, '--to', to);
  expect(restore.error).toBeUndefined();
  expect(restore).toMatchObject({ status: 'completed', exit: 0 });
  await proveCopy(system, database, sums);
});
