/** What becomes of a server's schedules: applied field by field, mended, removed; and started once after an outage, however many were missed. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { applyChanges } from '../../client/schedules/apply';
import { diffSchedules } from '../../client/schedules/diff';
import { describeSchedule } from '../../client/schedules/known';
import { lookAtSchedules } from '../../client/schedules/look';
import { wantedSchedules } from '../../client/schedules/options';
import { parseConfig } from '../../domain/config/parse';
import type { Config } from '../../domain/config/types';
import { attributes } from '../../workflows/frame/attributes';
import { temporalCli } from '../support/parts';
import { freePort } from '../support/postgres-host';

const folder = mkdtempSync(path.join(tmpdir(), 'hf-schedules-'));
let port: number;
let env: TestWorkflowEnvironment | undefined;

async function start(): Promise<Client> {
  env = await TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: temporalCli() },
      port,
      dbFilename: path.join(folder, 'temporal.db'),
      log: { level: 'error', format: 'json' },
      searchAttributes: Object.values(attributes),
    },
  });
  return env.client;
}

let client: Client;
beforeAll(async () => {
  port = await freePort();
  client = await start();
});
afterAll(async () => {
  await env?.teardown();
  rmSync(folder, { recursive: true, force: true });
});

function configured(tiers: string, more = ''): Config {
  const sites = ['dc01', 'dc02'].map((site) => `${site}: { components: { etc: { kind: files, paths: [/etc] } } }`);
  const text = `system: shop\nsites: { ${sites.join(', ')} }\nstores: { hot: { kind: dir, path: /hot } }\ntiers: { ${tiers} }\n`;
  return parseConfig(`${text}${more}`, '/holdfast.yaml').config;
}

const daily = (schedule: string, more = '') => `daily: { schedule: "${schedule}", type: full, to: [hot]${more} }`;

async function apply(config: Config): Promise<string[]> {
  const changes = await diffSchedules(client, config);
  return (await applyChanges(client, changes)).map(({ id, done }) => `${done} ${id}`).sort();
}

/** The list of schedules lags behind. */
async function until(look: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 20_000; !(await look()); await sleep(100)) {
    if (Date.now() > deadline) throw new Error('it did not come');
  }
}

const listed = async (count: number) =>
  await until(async () => {
    let found = 0;
    for await (const one of client.schedule.list()) if (one.scheduleId.startsWith('holdfast/shop/')) found++;
    return found === count;
  });

test('tiers and maintenance of every site are made, changed where they differ, and left alone where they do not', async () => {
  const first = configured(daily('0 2 * * *'));
  expect(await apply(first)).toHaveLength(14);
  expect(await apply(first)).toEqual([]);
  await listed(14);
  const second = configured(daily('0 2 * * *', ', priority: high, jitter: 30s'), 'maintenance: { retention: off }\n');
  const changes = await diffSchedules(client, second);
  expect(changes.map(({ id, change }) => `${change} ${id}`).sort()).toEqual([
    'change holdfast/shop/dc01/daily',
    'change holdfast/shop/dc02/daily',
    'remove holdfast/shop/dc01/maintenance/retention',
    'remove holdfast/shop/dc02/maintenance/retention',
  ]);
  expect(changes[0]?.fields).toEqual([
    { field: 'jitter', now: '6s', wanted: '30s' },
    { field: 'priority', now: '3', wanted: '1' },
  ]);
  expect(await applyChanges(client, changes)).toHaveLength(4);
  expect(await diffSchedules(client, second)).toEqual([]);
});

test('two that apply at once, and one that was cut off in the middle, come to the same', async () => {
  await listed(12);
  const config = configured(daily('0 3 * * *'));
  const changes = await diffSchedules(client, config);
  await applyChanges(client, changes.slice(0, 2));
  await Promise.all([applyChanges(client, changes), applyChanges(client, changes), apply(config)]);
  expect(await diffSchedules(client, config)).toEqual([]);
});

test('what somebody changes by other means is shown and put right; of other systems nothing is touched', async () => {
  const config = configured(daily('0 3 * * *'));
  const foreign = 'holdfast/shopping/dc01/daily';
  const [wanted] = wantedSchedules(config, ['dc01']);
  if (wanted === undefined) throw new Error('nothing is wanted');
  await client.schedule.create({ ...wanted.options, scheduleId: foreign });
  await client.schedule.getHandle(wanted.id).update(({ state }) => ({
    ...wanted.options,
    spec: { cronExpressions: ['0 4 * * *'], timezone: 'UTC', jitter: wanted.planned.jitter },
    state,
  }));
  expect(await diffSchedules(client, config)).toMatchObject([
    { id: wanted.id, fields: [{ field: 'when', now: 'changed by other means', wanted: '0 3 * * * UTC' }] },
  ]);
  expect(await apply(config)).toEqual([`changed ${wanted.id}`]);
  expect(await apply(configured(''))).toHaveLength(14);
  await listed(0);
  expect(await describeSchedule(client, foreign)).toBeDefined();
});

test('a pause by other means is shown with what is known of it', async () => {
  const config = configured(daily('0 3 * * *'));
  await apply(config);
  await client.schedule.getHandle('holdfast/shop/dc01/daily').pause('by hand');
  await until(async () => (await lookAtSchedules(client, config, ['dc01', 'dc02']))[0]?.paused?.reason === 'by hand');
});

/** Away for longer than six periods, none of them too late: it is the overlap that keeps them from starting all at once. */
test('of many runs that an outage kept from starting one is started', async () => {
  const config = configured('often: { every: 10s, type: full }');
  const [wanted] = wantedSchedules(config, ['dc01']);
  if (wanted === undefined) throw new Error('nothing is wanted');
  const { options } = wanted;
  const id = 'holdfast/shop/dc01/often';
  const startAt = new Date(Date.now() + 4000);
  const spec = { intervals: [{ every: '2s' as const }], startAt };
  const policies = { ...options.policies, catchupWindow: '1 minute' as const };
  await client.schedule.create({ ...options, scheduleId: id, spec, policies });
  // The server has taken it up, and nothing was due yet.
  await until(async () => (await describeSchedule(client, id))?.info.nextActionTimes[0] !== undefined);
  await env?.teardown();
  await sleep(13_000);
  client = await start();
  await until(async () => ((await describeSchedule(client, id))?.info.numActionsTaken ?? 0) > 0);
  await sleep(1000);
  const { info } = (await describeSchedule(client, id)) ?? {};
  // Nobody works here: the one that was started still runs, and the others are not doubled.
  expect(info?.numActionsTaken).toBe(1);
  expect(info?.runningActions).toHaveLength(1);
  expect(info?.numActionsSkippedOverlap).toBeGreaterThan(2);
  // One that is cut off tells nothing, and is told of; the next, which goes on, does not hide it.
  const workflowId = info?.runningActions[0]?.workflow.workflowId ?? '';
  await client.workflow.getHandle(workflowId).terminate();
  await until(async () => {
    const last = (await lookAtSchedules(client, config, ['dc01']))[0]?.last;
    return last?.workflowId !== workflowId && last?.trouble?.reason === 'its run ended as terminated';
  });
});
