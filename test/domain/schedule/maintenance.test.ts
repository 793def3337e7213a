import { parseConfig } from '../../../domain/config/parse';
import {
  type MaintenanceMark,
  type MaintenanceRun,
  maintenanceHealth,
  together,
  withRun,
} from '../../../domain/schedule/maintenance';
import { plannedWork } from '../../../domain/schedule/plan';

const { config } = parseConfig(
  `system: a
sites: { dc01: { components: {} } }
stores: { hot: { kind: dir, path: /b } }
tiers: { daily: { schedule: "0 2 * * *" } }
maintenance: { moves: off, cleanup: off, replication: off, verification: off, recoveryTests: off, drill: off }
`,
  '/c/holdfast.yaml',
);
const hour = 3_600_000;
const now = Date.parse('2026-11-22T12:00:00.000Z');
const ago = (hours: number) => new Date(now - hours * hour).toISOString();
const of = { site: 'dc01', work: 'retention' } as const;

function run(hoursAgo: number, more: Partial<MaintenanceRun> = {}): MaintenanceRun {
  const common = { workflowId: 'retention/a/dc01', runId: `r${hoursAgo}`, status: 'completed' as const };
  return { ...common, startedAt: ago(hoursAgo + 1), endedAt: ago(hoursAgo), ...more };
}

const refused = (hoursAgo: number) =>
  run(hoursAgo, { status: 'failed', error: { code: 'listing_incomplete', message: 'hot lists no backup at all' } });

const judged = (marks: MaintenanceMark[], first?: string) => {
  const [one, ...others] = maintenanceHealth(plannedWork(config), marks, new Map(first ? [['dc01', first]] : []), now);
  expect(others).toEqual([]);
  return one;
};

test('a day and a quarter may pass between two that were done, and no more', () => {
  expect(judged([withRun(undefined, of, run(29))])).toEqual({
    ...of,
    limitSeconds: 30 * 3600,
    overdue: false,
    lastCompleted: ago(29),
    last: { at: ago(29), outcome: 'completed' },
  });
  expect(judged([withRun(undefined, of, run(31))])).toMatchObject({ overdue: true });
});

test('one that refuses is not done, however often it runs', () => {
  let mark = withRun(undefined, of, run(40));
  for (const hours of [30, 20, 10]) mark = withRun(mark, of, refused(hours));
  const reason = { code: 'listing_incomplete', reason: 'hot lists no backup at all' };
  expect(judged([mark])).toMatchObject({
    overdue: true,
    lastCompleted: ago(40),
    last: { at: ago(10), outcome: 'refused', ...reason },
  });
  const full = run(1, { status: 'failed', error: { code: 'store_full', message: '' } });
  expect(judged([withRun(mark, of, full)])?.last?.outcome).toBe('failed');
  expect(judged([withRun(mark, of, run(0))])).toMatchObject({ overdue: false, last: { outcome: 'completed' } });
});

test('where it was never done, time counts from the first backup or the first run', () => {
  expect(judged([])).toEqual({ ...of, limitSeconds: 30 * 3600, overdue: false });
  expect(judged([], ago(29))?.overdue).toBe(false);
  expect(judged([], ago(31))?.overdue).toBe(true);
  const never = [40, 20].reduce<MaintenanceMark | undefined>(
    (mark, hours) => withRun(mark, of, refused(hours)),
    undefined,
  );
  expect(judged(never ? [never] : [], ago(5))).toMatchObject({ overdue: true, last: { outcome: 'refused' } });
});

test('whatever order runs and stores tell them in, the newest counts, and the same twice changes nothing', () => {
  const [done, late] = [run(5), refused(2)];
  const inOrder = withRun(withRun(undefined, of, done), of, late);
  expect(withRun(withRun(undefined, of, late), of, done)).toEqual(inOrder);
  expect(withRun(inOrder, of, late)).toEqual(inOrder);
  expect(together(withRun(undefined, of, done), withRun(undefined, of, late))).toEqual(inOrder);
  expect(judged([withRun(undefined, of, done), withRun(undefined, of, late)])).toEqual(judged([inOrder]));
});
