import { scheduleSamples } from '../../../client/metrics/schedules';
import { maintenanceTable } from '../../../client/output/maintenance';
import type { ScheduleLook } from '../../../client/schedules/look';
import { pauseNote, readPause } from '../../../client/schedules/pause';
import { maintenanceSay, schedulesSay, tiersSay } from '../../../client/schedules/says';
import type { BackupHead, BackupStatus } from '../../../domain/backup';
import { parseConfig } from '../../../domain/config/parse';
import type { MaintenanceHealth } from '../../../domain/schedule/maintenance';

const { config } = parseConfig(
  `system: a
sites: { dc01: { components: {} } }
stores: { hot: { kind: dir, path: /b } }
tiers: { daily: { schedule: "0 2 * * *" }, often: { type: point, every: 5m }, byHand: {} }
maintenance: { retention: off, moves: off, cleanup: off, replication: off, verification: off, recoveryTests: off, drill: off, pauseLimit: 2h }
`,
  '/c/holdfast.yaml',
);
const now = Date.parse('2026-11-22T12:00:00Z');
const hour = 3_600_000;
const ago = (hours: number) => new Date(now - hours * hour).toISOString();

function backup(hoursAgo: number, status: BackupStatus = 'completed'): BackupHead {
  const common = { system: 'a', site: 'dc01', components: {}, bytes: 0, storedBytes: 0, stores: [], location: '' };
  return { ...common, id: `b${hoursAgo}`, tier: 'daily', type: 'full', status, startedAt: ago(hoursAgo) };
}

function look(more: Partial<ScheduleLook> = {}): ScheduleLook {
  const common = { id: 'holdfast/a/dc01/daily', site: 'dc01', work: 'daily', when: '', next: null, last: null };
  return { ...common, applied: true, paused: null, ...more };
}

const tiers = (heads: BackupHead[], looks = [look()]) => tiersSay(config, ['dc01'], heads, looks, now);

test('the newest backup of a tier may be as old as its period and a quarter of it', () => {
  expect(tiers([backup(29.9)])).toEqual({ problems: [], warnings: [] });
  expect(tiers([backup(50), backup(30.1), backup(2, 'failed')]).problems).toEqual([
    'the newest backup of the tier daily (dc01) is 1d 6h old: one is due every 1d',
  ]);
});

test('a tier that has run and has no backup is told of; one that has not is let be', () => {
  const last = { at: ago(1), workflowId: 'w' };
  expect(tiers([], [look({ last })]).warnings).toEqual([
    'the tier daily (dc01) has no backup, though its schedule has run',
  ]);
  expect(tiers([])).toEqual({ problems: [], warnings: [] });
});

test('a pause is a warning, and forgotten a problem; so is one of which nobody knows since when', () => {
  const paused = (at?: string) =>
    schedulesSay(config, [look({ paused: { by: 'eve@a', at, reason: 'new disk' } })], now);
  expect(paused(ago(1))).toEqual({
    problems: [],
    warnings: [`daily (dc01) is paused by eve@a at ${ago(1)}: new disk`],
  });
  expect(paused(ago(3)).problems).toEqual([
    `daily (dc01) is paused by eve@a at ${ago(3)}: new disk, longer than the 2h allowed`,
  ]);
  expect(paused().problems).toHaveLength(1);
});

test('a run that was skipped or failed, and schedules that are not applied, are warnings', () => {
  const trouble = { at: ago(1), outcome: 'skipped', reason: 'no agent' };
  const looks = [look({ last: { at: ago(0), workflowId: 'w', trouble } }), look({ applied: false })];
  expect(schedulesSay(config, looks, now).warnings).toEqual([
    '1 of 2 schedules are not applied (daily of dc01): run "holdfast schedules apply"',
    `the last scheduled daily (dc01), at ${ago(1)}, was skipped: no agent`,
  ]);
});

test('maintenance that was not done for too long is a problem, one that refused a warning, and nothing is said twice', () => {
  const retention: MaintenanceHealth = {
    ...{ site: 'dc01', work: 'retention', limitSeconds: 30 * 3600, overdue: true, lastCompleted: ago(31) },
    last: { at: ago(1), outcome: 'refused', code: 'listing_incomplete', reason: 'hot lists no backup at all' },
  };
  const drill: MaintenanceHealth = { site: 'dc01', work: 'drill', limitSeconds: 3600, overdue: true };
  const { problems, warnings } = maintenanceSay([retention, drill], [look()], now);
  expect(problems).toEqual([
    'retention (dc01) was last done 1d 7h ago: at most 1d 6h may pass',
    'drill (dc01) was never done: at most 1h may pass',
  ]);
  expect(warnings).toEqual([
    `the last retention (dc01), at ${ago(1)}, was refused: listing_incomplete: hot lists no backup at all`,
  ]);
  const last = {
    at: ago(1),
    workflowId: 'w',
    trouble: { at: ago(1), outcome: 'failed', reason: 'hot lists no backup at all' },
  };
  expect(maintenanceSay([retention], [look({ work: 'retention', last })], now)).toEqual({
    problems: [problems[0]],
    warnings: [],
  });
  const lines = maintenanceTable([retention, drill], now).join('\n').split('\n');
  expect(lines[2]).toMatch(/^dc01 +retention +\S+Z +1d 7h +1d 6h +overdue +refused: listing_incomplete$/);
  expect(lines[3]).toMatch(/^dc01 +drill +never +1h +overdue *$/);
});

test('metrics tell the same, and the age that each tier may have', () => {
  const samples = scheduleSamples(config, ['dc01'], [look({ paused: { at: ago(3), reason: '' } })], now);
  const values = Object.fromEntries(
    samples.map(({ name, labels, value }) => [`${name} ${labels['tier'] ?? labels['work']}`, value]),
  );
  expect(values).toEqual({
    'holdfast_tier_age_limit_seconds daily': 30 * 3600,
    'holdfast_tier_age_limit_seconds often': 600,
    'holdfast_schedule_applied daily': 1,
    'holdfast_schedule_paused daily': 1,
    'holdfast_schedule_forgotten daily': 1,
    'holdfast_schedule_troubled daily': 0,
  });
  // While the engine does not answer, nothing is known of its schedules.
  expect(scheduleSamples(config, ['dc01'], undefined, now)).toHaveLength(2);
});

test('the note of a pause can be read back, whatever the reason says', () => {
  const at = new Date(now);
  const note = pauseNote('a: b\nat 2026', at);
  expect(readPause(note)).toEqual({ by: expect.stringContaining('@'), at: at.toISOString(), reason: 'a: b\nat 2026' });
  process.env['HOLDFAST_OPERATOR'] = 'Ann Lee';
  const named = pauseNote('new disk', at);
  delete process.env['HOLDFAST_OPERATOR'];
  expect(readPause(named)).toEqual({ by: 'Ann Lee', at: at.toISOString(), reason: 'new disk' });
  expect(readPause('somebody clicked')).toEqual({ reason: 'somebody clicked' });
  expect(readPause(undefined)).toEqual({ reason: '' });
});
