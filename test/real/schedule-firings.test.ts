/** The planner knows when the server will fire: by every tier of the full set, and over both changes of the clocks in several zones. */
import type { ScheduleSpec } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { parseConfig } from '../../domain/config/parse';
import { starterConfig } from '../../domain/config/starter';
import { firings, nextFirings, type Timing } from '../../domain/schedule/firings';
import { plannedWork } from '../../domain/schedule/plan';
import { startTemporal } from '../support/temporal';

let env: TestWorkflowEnvironment;
beforeAll(async () => {
  env = await startTemporal();
});
afterAll(async () => {
  await env?.teardown();
});

let made = 0;

/** What the server says of a schedule that begins at a time: ten firings. */
async function asServed(timing: Timing, startAt: number): Promise<number[]> {
  const scheduleId = `firings-${++made}`;
  const spec: ScheduleSpec =
    'every' in timing
      ? { intervals: [{ every: timing.every }] }
      : { cronExpressions: [timing.cron], timezone: timing.zone };
  const handle = await env.client.schedule.create({
    scheduleId,
    spec: { ...spec, startAt: new Date(startAt) },
    state: { paused: true },
    action: { type: 'startWorkflow', workflowType: 'none', taskQueue: 'none' },
  });
  const { info } = await handle.describe();
  await handle.delete();
  return info.nextActionTimes.map((at) => at.getTime());
}

async function expectSame(timing: Timing, startAt: number): Promise<void> {
  const served = await asServed(timing, startAt);
  expect(served).toHaveLength(10);
  const planned = nextFirings(timing, startAt - 1, 10).map((at) => new Date(at).toISOString());
  expect(planned).toEqual(served.map((at) => new Date(at).toISOString()));
}

/** Some time ahead, since the server tells only what is to come; early in a year. */
const year = new Date().getUTCFullYear() + 1;

test('every tier and all maintenance of the configuration to begin with', async () => {
  const { config } = parseConfig(starterConfig, '/holdfast.yaml');
  const work = plannedWork(config);
  expect(work.length).toBeGreaterThan(5);
  for (const { timing } of work) await expectSame(timing, Date.UTC(year, 0, 1));
});

/** Times that the clocks skip or show twice, all through them, before and after. */
const crons = ['30 2 * * *', '30 1 * * *', '*/20 * * * *', '15 */2 * * *', '0 0 * * *', '0 * * * *', '45 1-3 * * SUN'];
const zones = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'America/St_Johns', 'Pacific/Auckland'];

test.each(zones)('both changes of the clocks in %s', async (zone) => {
  const changes = [...changesOf(zone)];
  expect(changes).toHaveLength(2);
  for (const change of changes) {
    for (const cron of crons) {
      await expectSame({ cron, zone }, change - 2 * hour);
      await expectSame({ cron, zone }, change - 26 * hour);
    }
  }
});

test('day of month and day of week must both match, as on the server', async () => {
  for (const cron of [
    '0 2 1 * SUN',
    '0 2 1-7 * 1',
    '0 2 13 * 5',
    '0 2 * * 7',
    '0 2 */10 * 1-5',
    '0 2 29 2 *',
    '5,10 3-9/3 * jan-mar,12 *',
  ]) {
    await expectSame({ cron, zone: 'UTC' }, Date.UTC(year, 0, 1));
  }
});

test('an interval is counted from 1970, wherever it begins', async () => {
  for (const every of [10_000, 300_000, 420_000, 5_400_000, 129_600_000]) {
    await expectSame({ every }, Date.UTC(year, 2, 3, 4, 5, 6));
  }
});

test('what is skipped does not come; of an hour that is shown twice both passes come in New York, and one in Berlin', () => {
  const planned = (cron: string, zone: string, from: number) =>
    nextFirings({ cron, zone }, from, 2).map((at) => new Date(at).toISOString());
  expect(planned('30 2 * * *', 'Europe/Berlin', Date.UTC(2027, 2, 27, 0))).toEqual([
    '2027-03-27T01:30:00.000Z',
    '2027-03-29T00:30:00.000Z',
  ]);
  expect(planned('30 1 * * *', 'America/New_York', Date.UTC(2027, 10, 7, 0))).toEqual([
    '2027-11-07T05:30:00.000Z',
    '2027-11-07T06:30:00.000Z',
  ]);
  expect(planned('30 2 * * *', 'Europe/Berlin', Date.UTC(2027, 9, 30, 12))).toEqual([
    '2027-10-31T01:30:00.000Z',
    '2027-11-01T01:30:00.000Z',
  ]);
});

const hour = 3_600_000;

/** The hours of the year after which the clocks differ by another offset. */
function* changesOf(zone: string): Generator<number> {
  const offset = (at: number) =>
    new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset' }).format(at).split('GMT')[1];
  for (const at of firings({ every: hour }, Date.UTC(year, 0, 1))) {
    if (at >= Date.UTC(year + 1, 0, 1)) return;
    if (offset(at - hour) !== offset(at)) yield at;
  }
}
