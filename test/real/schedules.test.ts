/** Schedules from the file to the backup: applied like a plan, run, skipped with a reason, paused with a name. */
import { readFileSync, writeFileSync } from 'node:fs';
import { parse, stringify } from 'yaml';
import type { ScheduleLook } from '../../client/schedules/look';
import type { BackupHead } from '../../domain/backup';
import { maintenanceKinds } from '../../domain/config/types-schedules';
import { TestSystem, type Up } from '../support/system';

type Tiers = Record<string, Record<string, unknown>>;

const off = Object.fromEntries(maintenanceKinds.map((kind) => [kind, 'off']));
const often = { every: '10s', type: 'full', components: ['config'], keep: { last: 3 } };
const nightly = { schedule: '0 2 * * *', type: 'full', keep: { last: 3 }, priority: 'high' };
const id = (work: string) => `holdfast/sys/dc01/${work}`;

let system: TestSystem;
let up: Up | undefined;
beforeAll(async () => {
  system = await TestSystem.create({
    configure: (config) => {
      config.tiers = { often, nightly };
      config.maintenance = off;
    },
  });
});
afterAll(async () => {
  await system?.destroy();
});

/** Changes the file; tells what the command answers from then on. */
function configure(change: (config: { tiers: Tiers; maintenance: object; timezone?: string }) => void): void {
  const config = parse(readFileSync(system.config, 'utf8'));
  change(config);
  writeFileSync(system.config, stringify(config));
}

async function asked<T>(...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await system.cli(...args, '--json');
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${stdout}${stderr}`);
  return JSON.parse(stdout) as T;
}

const look = async (work: string) =>
  (await asked<ScheduleLook[]>('schedules', 'list')).find((one) => one.work === work);

const heads = async () => await asked<BackupHead[]>('list');

test('without an engine nothing is applied', async () => {
  expect(await system.cli('schedules', 'apply')).toMatchObject({ code: 2 });
});

test('diff tells what apply does, and applying twice changes nothing', async () => {
  up = await system.up();
  const wanted = ['often', 'nightly'].map((work) => ({ id: id(work), change: 'create', fields: [] }));
  expect(await asked('schedules', 'diff')).toEqual(wanted);
  expect(await asked('schedules', 'apply')).toEqual(wanted.map((one) => ({ id: one.id, done: 'created' })));
  expect(await asked('schedules', 'diff')).toEqual([]);
  expect(await asked('schedules', 'apply')).toEqual([]);
});

test('a tier is run by its schedule, under the id of a backup that is started by hand', async () => {
  const made = await system.until(async () => (await heads()).find(({ status }) => status === 'completed'), 60_000);
  expect(made.tier).toBe('often');
  expect(await look('often')).toMatchObject({ applied: true, paused: null, when: 'every 10s' });
  expect(await look('nightly')).toMatchObject({ next: expect.stringMatching(/T02:00:00.000Z$/), last: null });
});

test('a pause says who and why, outlives apply, and ends', async () => {
  expect(await system.cli('schedules', 'pause', '--tier', 'often')).toMatchObject({ code: 2 });
  expect(await system.cli('schedules', 'pause', '--tier', 'offen', '--reason', 'x')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('did you mean "often"?'),
  });
  const paused = await asked('schedules', 'pause', '--tier', 'often', '--reason', 'the disk: is replaced');
  expect(paused).toEqual([{ id: id('often'), done: 'paused' }]);
  configure(({ tiers }) => {
    tiers['often'] = { ...often, every: '20s', jitter: '1s' };
  });
  const changes = await asked<{ fields: { field: string }[] }[]>('schedules', 'diff');
  expect(changes).toMatchObject([{ id: id('often'), change: 'change', paused: true }]);
  const fields = changes[0]?.fields ?? [];
  expect(fields).toContainEqual({ field: 'when', now: 'every 10s', wanted: 'every 20s' });
  expect(fields).toContainEqual({ field: 'jitter', now: '0ms', wanted: '1s' });
  expect(await asked('schedules', 'apply')).toEqual([{ id: id('often'), done: 'changed' }]);
  const pause = { by: expect.stringContaining('@'), at: expect.any(String), reason: 'the disk: is replaced' };
  await system.until(async () => ((await look('often'))?.when === 'every 20s' ? true : undefined), 10_000);
  expect(await look('often')).toMatchObject({ paused: pause, applied: true });
  expect(await asked('schedules', 'resume', '--tier', 'often')).toEqual([{ id: id('often'), done: 'resumed' }]);
  expect(await asked('schedules', 'resume', '--all')).toContainEqual({ id: id('often'), done: 'was not paused' });
});

test('a site that is not well is skipped, and that is told', async () => {
  await system.cluster.stop();
  configure(({ tiers }) => {
    tiers['often'] = { ...often, every: '10s', components: ['database'] };
  });
  await asked('schedules', 'apply');
  const before = (await heads()).length;
  const skipped = await system.until(async () => (await look('often'))?.last?.trouble, 120_000);
  expect(skipped).toMatchObject({ outcome: 'skipped', reason: expect.stringMatching(/refused|database|connect/) });
  expect((await heads()).length).toBe(before);
  // It looks for half a minute: the next run, which only begins, takes nothing of it away.
  const next = await system.until(async () => {
    const last = (await look('often'))?.last;
    return last && last.at !== skipped.at ? last : undefined;
  }, 60_000);
  expect(next.trouble).toEqual(skipped);
});

test('what is configured no more is removed when somebody agrees; of other systems nothing is touched', async () => {
  configure((config) => {
    config.tiers = { nightly };
  });
  expect(await system.cli('schedules', 'apply')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(id('often')),
  });
  expect(await asked('schedules', 'apply', '--yes')).toEqual([{ id: id('often'), done: 'removed' }]);
  expect(await asked('schedules', 'diff')).toEqual([]);
  configure((config) => {
    config.timezone = 'Europe/Berlin';
  });
  expect(await asked('schedules', 'diff')).toMatchObject([
    { id: id('nightly'), fields: [{ field: 'when', now: '0 2 * * * UTC', wanted: '0 2 * * * Europe/Berlin' }] },
  ]);
  await up?.stop();
});
