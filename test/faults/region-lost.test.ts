/** A region goes: what others hold is restored without being told where from, and what it lacks is copied when it is back. */
import { rmSync } from 'node:fs';
import path from 'node:path';
import type { ProcedureResult } from '../../domain/progress';
import { filesBelow, flipByte } from '../repository/made';
import { type Regions, startRegions } from '../support/regions';
import type { TestSystem, Up } from '../support/system';

let regions: Regions;
let system: TestSystem;
let up: Up;

beforeAll(async () => {
  regions = await startRegions({ copies: { success: 1 } });
  system = regions.system;
  await system.cluster.psql('create table t as select generate_series(1, 1000) as n');
  up = await system.up();
  expect((await system.procedure('backup', '--tier', 'daily')).error).toBeUndefined();
}, 180_000);
afterAll(async () => {
  await up?.stop();
  await regions?.destroy();
});

interface Status {
  copies: { store: string; missing: number; oldest?: string }[];
}

async function lags(): Promise<Record<string, number>> {
  const { copies } = JSON.parse((await system.cli('status', '--json')).stdout) as Status;
  return Object.fromEntries(copies.map(({ store, missing }) => [store, missing]));
}

async function restored(name: string): Promise<ProcedureResult> {
  const to = path.join(system.dir, name);
  const result = await system.procedure('restore', 'latest', '--to', to);
  rmSync(to, { recursive: true, force: true });
  return result;
}

test('a region is away: the others get their copy, it is told what is missing, and the next run makes up for it', async () => {
  await regions.far.kill();
  const copied = await system.procedure('replicate', '--all');
  expect(copied.error).toBeUndefined();
  expect(copied.copies).toMatchObject([
    { store: 'west', outcome: 'copied' },
    { store: 'dr', outcome: 'failed', error: { code: 'store_unavailable' } },
  ]);
  expect(await lags()).toEqual({ west: 0, dr: 1 });
  await regions.far.restart();
  expect((await system.procedure('replicate', '--all')).copies).toMatchObject([{ store: 'dr', outcome: 'copied' }]);
  expect(await lags()).toEqual({ west: 0, dr: 0 });
}, 240_000);

test('packs, an index and WAL that are damaged or gone in one store are taken from another', async () => {
  const hot = await filesBelow(system.storeDir);
  const of = (form: RegExp) => hot.map((one) => one.path).filter((one) => form.test(one));
  const packs = of(/\/packs\//);
  await flipByte(path.join(system.storeDir, packs[0] as string));
  rmSync(path.join(system.storeDir, packs[1] as string));
  await flipByte(path.join(system.storeDir, of(/\/index\/config\//)[0] as string));
  await flipByte(path.join(system.storeDir, of(/\/segments\//)[0] as string), -120);
  const { status, error, warnings } = await restored('from-several');
  expect([status, error]).toEqual(['completed', undefined]);
  expect(warnings).toContainEqual(expect.stringMatching(/not right in hot.* taken from/));
}, 180_000);

test('a store that swallows all that it had leaves the restore to the others', async () => {
  rmSync(system.storeDir, { recursive: true, force: true });
  const { status, error } = await restored('without-hot');
  expect([status, error]).toEqual(['completed', undefined]);
}, 180_000);
