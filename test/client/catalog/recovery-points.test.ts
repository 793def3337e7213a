import { rowsSay } from '../../../client/catalog/recovery-points';
import type { BackupHead, BackupStatus } from '../../../domain/backup';
import { parseConfig } from '../../../domain/config/parse';

const { config } = parseConfig(
  `system: a
sites: { dc01: { components: {} } }
stores: { hot: { kind: dir, path: /b } }
tiers: { continuous: { type: point, every: 5m, timeout: 2m }, byHand: { type: point }, daily: { schedule: "0 2 * * *" } }
`,
  '/c/holdfast.yaml',
  {},
);
const now = Date.parse('2026-11-22T12:00:00Z');

function point(minutesAgo: number, status: BackupStatus = 'completed', tier = 'continuous'): BackupHead {
  const startedAt = new Date(now - minutesAgo * 60_000).toISOString();
  const common = { system: 'a', site: 'dc01', components: {}, bytes: 0, storedBytes: 0, stores: [], location: '' };
  return { ...common, id: `p${minutesAgo}`, tier, type: 'incremental', status, startedAt, marks: {} };
}

const say = (...heads: BackupHead[]) => rowsSay(config, ['dc01'], heads, now);

test('a row that goes on says nothing', () => {
  expect(say(point(12, 'expired'), point(6))).toEqual({ problems: [], warnings: [] });
});

test('a row that stands still is a problem', () => {
  expect(say(point(8)).problems).toEqual([
    'the newest recovery point of the tier continuous (dc01) is 8m old: one is due every 5m',
  ]);
});

test('one that failed is told while the one before is new enough', () => {
  const { problems, warnings } = say(point(6), point(1, 'failed'));
  expect(problems).toEqual([]);
  expect(warnings).toEqual([
    'the last recovery point of the tier continuous (dc01), begun 2026-11-22T11:59:00.000Z, failed',
  ]);
});

test('before the first there is a warning, and none where nobody said how often', () => {
  expect(say(point(99, 'completed', 'byHand'))).toEqual({
    problems: [],
    warnings: ['the tier continuous (dc01) has no recovery point yet'],
  });
});
