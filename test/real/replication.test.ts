/** Backups in several regions: copied whole, each by the way its store allows, and restorable from any of them alone. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parse, stringify } from 'yaml';
import type { BackupHead } from '../../domain/backup';
import type { ProcedureResult } from '../../domain/progress';
import { filesBelow } from '../repository/made';
import { type Regions, startRegions } from '../support/regions';
import type { TestSystem, Up } from '../support/system';

let regions: Regions;
let system: TestSystem;
let up: Up;
let first: ProcedureResult;

beforeAll(async () => {
  regions = await startRegions();
  system = regions.system;
  await system.cluster.psql('create table t (n int)');
  await system.cluster.psql('insert into t select generate_series(1, 1000)');
  up = await system.up();
  first = await system.procedure('backup', '--tier', 'daily');
  expect(first.error).toBeUndefined();
}, 180_000);
afterAll(async () => {
  await up?.stop();
  await regions?.destroy();
});

async function heads(): Promise<BackupHead[]> {
  return JSON.parse((await system.cli('list', '--json')).stdout) as BackupHead[];
}

async function objectsOf(folder: string, id: string): Promise<string[]> {
  const found = await filesBelow(path.join(folder, 'backups', id));
  return found
    .map((one) => one.path)
    .filter((one) => !/receipt|owner/.test(one))
    .sort();
}

test('a dry run says what would go where, by what way, and sends nothing', async () => {
  const { code, stdout } = await system.cli('replicate', 'latest', '--dry-run', '--json');
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject([
    { backupId: first.backupId, store: 'west', region: 'secondary', way: 'streamed', storedBytes: first.storedBytes },
    { backupId: first.backupId, store: 'dr', region: 'dr', way: 'streamed' },
  ]);
  expect((await heads())[0]?.stores).toEqual(['hot']);
});

test('a region that no store has is refused before anything is started', async () => {
  const { code, stdout } = await system.cli('replicate', 'latest', '--regions', 'apak', '--json');
  expect(code).toBe(2);
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'usage', hints: ['did you mean "apac"?'] } });
});

test('what the tier wants is copied, streamed, and then copied within the service to another region by its role', async () => {
  const copied = await system.procedure('replicate', '--all');
  expect(copied.error).toBeUndefined();
  expect(copied.copies).toMatchObject([
    { store: 'west', outcome: 'copied', repaired: 0 },
    { store: 'dr', outcome: 'copied', repaired: 0 },
  ]);
  const byRole = await system.procedure('replicate', 'latest', '--regions', 'apac');
  expect(byRole.copies).toMatchObject([{ store: 'apac', outcome: 'copied' }]);
  const id = first.backupId as string;
  const source = await objectsOf(system.storeDir, id);
  for (const store of ['west', 'dr', 'apac'] as const)
    expect(await objectsOf(regions.folderOf(store), id)).toEqual(source);
  expect((await heads())[0]?.stores.sort()).toEqual(['apac', 'dr', 'hot', 'west']);
  const again = await system.procedure('replicate', '--all');
  expect(again).toMatchObject({ status: 'completed', copies: [] });
}, 120_000);

test('with every other store gone, a region alone restores the database', async () => {
  const config = path.join(system.dir, 'alone.yaml');
  const whole = parse(readFileSync(system.config, 'utf8')) as { stores: Record<string, object>; tiers: object };
  writeFileSync(config, stringify({ ...whole, system: 'sys', tiers: {}, stores: { dr: whole.stores['dr'] } }));
  const to = path.join(system.dir, 'restored');
  const { code, stdout, stderr } = await system.cli('restore', 'latest', '--to', to, '--config', config, '--json');
  expect([code, stderr]).toEqual([0, expect.any(String)]);
  expect((JSON.parse(stdout) as ProcedureResult).status).toBe('completed');
  rmSync(to, { recursive: true, force: true });
}, 120_000);
