/** Backups in several regions: copied whole, each by the way its store allows, and restorable from any of them alone. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse, stringify } from 'yaml';
import type { BackupHead } from '../../domain/backup';
import type { ProcedureResult } from '../../domain/progress';
import { filesBelow } from '../repository/made';
import { type Receiver, startReceiver } from '../support/receiver';
import { type Regions, startRegions } from '../support/regions';
import type { TestSystem, Up } from '../support/system';

let regions: Regions;
let system: TestSystem;
let up: Up;
let first: ProcedureResult;
let receiver: Receiver;

beforeAll(async () => {
  receiver = await startReceiver();
  regions = await startRegions({
    configure: (config) => {
      const move = [{ after: '1s', store: 'west' }];
      config['tiers'] = { ...(config['tiers'] as object), moving: { to: ['hot'], move, notify: ['hook'] } };
      config['notifications'] = { targets: { hook: { kind: 'webhook', url: receiver.url } } };
      config['retention'] = { coolOff: '1s' };
    },
  });
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
  await receiver?.close();
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
    { backupId: first.backupId, store: 'west', region: 'us-east-1', way: 'streamed', storedBytes: first.storedBytes },
    { backupId: first.backupId, store: 'dr', region: 'us-east-1', way: 'streamed' },
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

test('what is old enough moves to another store, and goes from the first one when all of its copy there is whole', async () => {
  const backup = async (type: string) => {
    const made = await system.procedure('backup', '--tier', 'moving', '--type', type);
    expect(made.error).toBeUndefined();
    return made.backupId as string;
  };
  const [full, child, last] = [await backup('full'), await backup('incremental'), await backup('full')];
  const held = await objectsOf(system.storeDir, child);
  const apply = async () => (await system.procedure('retention', 'apply')).retained?.find((one) => one.store === 'hot');
  const report = async () => (await system.cli('retention', 'report')).stdout;
  expect(await report()).toMatch(new RegExp(`${full} +hot +keep .*its copy is not yet whole in west`));
  const dry = await system.procedure('move', '--dry-run');
  expect(dry.warnings).toEqual([full, child, last].map((id) => `would move ${id} to west`));

  const moved = await system.procedure('move');
  expect(moved).toMatchObject({ status: 'completed', copies: [{ store: 'west', outcome: 'copied' }] });
  expect(receiver.documents()).toMatchObject([
    { event: 'backups_moved', facts: { count: 3, places: [{ where: 'west', first: [full, child, last] }] } },
  ]);
  expect(await report()).toMatch(new RegExp(`${full} +hot +expire +moved to west at [-0-9: ]+\n`));
  expect(await apply()).toMatchObject({ expired: 2, removed: 0 });
  await sleep(1500);
  expect(await apply()).toMatchObject({ expired: 0, removed: 2 });
  // The last of a component stays where the next backup builds upon it.
  expect((await objectsOf(system.storeDir, last)).length).toBeGreaterThan(0);
  for (const id of [full, child]) expect(existsSync(path.join(system.storeDir, 'backups', id))).toBe(false);
  expect(await objectsOf(regions.folderOf('west'), child)).toEqual(held);

  const to = path.join(system.dir, 'moved');
  expect((await system.procedure('restore', child, '--to', to)).error).toBeUndefined();

  const further = await system.procedure('replicate', child, '--regions', 'apac');
  expect(further.copies).toMatchObject([{ store: 'apac', outcome: 'copied' }]);
  for (const id of [full, child])
    expect(await objectsOf(regions.folderOf('apac'), id)).toEqual(await objectsOf(regions.folderOf('west'), id));
}, 300_000);

/** All of a store but WAL, which goes on, receipts, and when something ran. */
async function standing(): Promise<Map<string, string>> {
  const places = [system.storeDir, ...(['west', 'dr', 'apac'] as const).map((store) => regions.folderOf(store))];
  const found = await Promise.all(
    places.map(async (place) => (await filesBelow(place)).map((one) => ({ ...one, path: path.join(place, one.path) }))),
  );
  const volatile = /\/(?:wal|receipts|maintenance|retention\/plans|\.tmp)\/|\/receipt\.json$/;
  const own = found.flat().filter((one) => !volatile.test(one.path));
  return new Map(own.map((one) => [one.path, createHash('sha256').update(one.bytes).digest('hex')]));
}

test('whatever maintains the stores changes nothing when it runs a second time', async () => {
  const maintain = async () => {
    for (const command of [
      ...['move', 'replicate --all', 'retention apply --yes', 'retention cleanup --grace 1s', 'catalog rebuild'],
      ...['catalog rebuild --full', 'schedules apply'],
    ])
      expect([command, (await system.cli(...command.split(' '))).code]).toEqual([command, 0]);
  };
  await maintain();
  await sleep(1500);
  expect((await system.cli('retention', 'apply', '--yes')).code).toBe(0);
  const before = await standing();
  expect(before.size).toBeGreaterThan(20);
  await maintain();
  expect(await standing()).toEqual(before);
}, 120_000);
