import { parseConfig } from '../../../domain/config/parse';
import { cronProblem } from '../../../domain/schedule/cron';
import { graceOf, jitterOf, madeUpFor, periodOf } from '../../../domain/schedule/pace';
import { plannedWork } from '../../../domain/schedule/plan';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

test.each(['0 2 * * *', '*/5 * * * *', '0 0 1 1,4,7,10 *', '15 10-16/2 * JAN-mar MON-FRI', '0 0 29 2 *', '0 1 * * 7'])(
  '%s is a schedule',
  (text) => expect(cronProblem(text)).toBeUndefined(),
);

test.each([
  ['nightly', /five fields/],
  ['0 2 * *', /five fields/],
  ['0 0 2 * * *', /five fields/],
  ['60 2 * * *', /0 to 59, .* minute, found "60"/],
  ['0 24 * * *', /hour, found "24"/],
  ['0 2 0 * *', /day of month/],
  ['0 2 * 13 *', /month/],
  ['0 2 * * 8', /day of week/],
  ['0 2 * * MONDAY', /day of week/],
  ['0 5-3 * * *', /hour, found "5-3"/],
  ['5/15 * * * *', /minute, found "5\/15"/],
  ['*/0 * * * *', /minute/],
  ['0 2 L * *', /day of month/],
  ['0 2 15W * *', /day of month/],
  ['0 2 * * 5#3', /day of week/],
  ['0 2 30 2 *', /a day that there is/],
])('%s is none', (text, message) => expect(cronProblem(text)).toMatch(message));

test('the period is the longest gap, whatever the month', () => {
  expect(periodOf({ cron: '0 2 * * *', zone: 'Europe/Berlin' })).toBe(day);
  expect(periodOf({ cron: '0 0 1 * *', zone: 'UTC' })).toBe(31 * day);
  expect(periodOf({ cron: '0 9-17 * * 1-5', zone: 'UTC' })).toBe(2 * day + 16 * hour);
  expect(periodOf({ every: 5 * minute })).toBe(5 * minute);
});

test('grace and jitter follow from the period', () => {
  expect([minute, hour, day, 365 * day].map(graceOf)).toEqual([minute, 15 * minute, 6 * hour, 6 * hour]);
  expect([jitterOf(day, 1), jitterOf(day, 3), jitterOf(day, 200), jitterOf(hour, 200)]).toEqual([
    0, 9000, 600_000, 360_000,
  ]);
});

test('of what was missed one is made up for, unless all of it is too late', () => {
  expect(madeUpFor([1, 2, 3], 10, 8)).toBe(2);
  expect(madeUpFor([1, 2, 3], 10, 6)).toBeUndefined();
  expect(madeUpFor([], 10, 6)).toBeUndefined();
});

const text = (more: string) =>
  `system: a\nsites: { s: { components: {} } }\nstores: { hot: { kind: dir, path: /b } }\n${more}`;
const planned = (more: string) => plannedWork(parseConfig(text(more), '/c/holdfast.yaml').config);

test('maintenance runs where a tier does, each unless it is off', () => {
  expect(planned('tiers: { byHand: {} }\n')).toEqual([]);
  const works = planned('tiers: { daily: { schedule: "0 2 * * *" } }\nmaintenance: { drill: off }\n').map(
    ({ work }) => work,
  );
  expect(works).toEqual(['daily', 'retention', 'replication', 'verification', 'recoveryTests', 'cleanup']);
});

test('moves run where a tier moves anything', () => {
  const moving = text('tiers: { daily: { schedule: "0 2 * * *", move: [{ after: 30d, to: cold }] } }\n');
  const { config } = parseConfig(
    moving.replace('kind: dir, path: /b', 'kind: s3, bucket: near-by'),
    '/c/holdfast.yaml',
  );
  expect(plannedWork(config).map(({ work }) => work)).toContain('moves');
});

test.each([
  ['timezone: "+01:00"\n', 'timezone: expected the name of a time zone, for example UTC or Europe/Berlin'],
  ['timezone: Berlin\n', 'timezone: expected the name of a time zone, for example UTC or Europe/Berlin'],
  [
    'maintenance: { retention: nightly }\n',
    'maintenance.retention: expected a cron schedule of five fields, for example "0 2 * * *", or off',
  ],
  ['maintenance: { retenton: off }\n', 'maintenance.retenton: unknown key; did you mean "retention"?'],
  ['tiers: { daily: { priority: hi } }\n', 'tiers.daily.priority: expected one of "high", "normal", "low", found "hi"'],
  ['tiers: { daily: { jitter: 2d } }\n', 'tiers.daily.jitter: expected at most 24h'],
])('%s is refused with its place', (more, message) => {
  expect(() => parseConfig(text(more), '/c.yaml')).toThrow(
    expect.objectContaining({ hints: [expect.stringContaining(message)] }),
  );
});
