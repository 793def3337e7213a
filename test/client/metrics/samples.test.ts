import type { StoreReading } from '../../../client/metrics/readings';
import { type Read, samplesFrom } from '../../../client/metrics/samples';
import type { BackupHead } from '../../../domain/backup';
import { parseConfig } from '../../../domain/config/parse';
import { metrics, type Sample } from '../../../domain/metrics';
import type { RestoreTime } from '../../../domain/objectives';

const { config } = parseConfig(
  `system: shop
sites:
  dc01:
    components:
      database: { kind: postgres, connection: host=a, dataDir: /a, objectives: { rto: 10s } }
      files: { kind: files, paths: [/etc] }
stores: { hot: { kind: dir, path: /hot }, warm: { kind: dir, path: /warm } }
objectives: { rpo: 5s }
`,
  '/c/holdfast.yaml',
);
const rto: RestoreTime = {
  seconds: 20,
  dataSeconds: 9,
  walSeconds: 1,
  bytes: 0,
  walBytes: 0,
  restsOn: 'the last backup',
};
const database = { site: 'dc01', component: 'database' };

function backup(id: string, tier?: string): BackupHead {
  return {
    ...{ id, tier, system: 'shop', site: 'dc01', type: 'full', status: 'completed', components: {}, location: '' },
    ...{ startedAt: `2026-01-01T0${id}:00:00Z`, endedAt: `2026-01-01T0${id}:10:00Z`, bytes: 100, storedBytes: 50 },
    stores: ['hot'],
  };
}

function reading(store: string, more: Partial<StoreReading['components'][number]> = {}): StoreReading {
  const backups = [backup('1'), backup('2', 'daily')];
  return { store, backups, heads: backups, components: [{ ...database, store, ...more }], maintenance: [] };
}

const now = Date.parse('2026-01-01T12:00:00Z');
const measuredAt = new Map([['hot', now]]);
const from = (read: Partial<Read>) => samplesFrom(config, ['dc01'], { stores: [], measuredAt, now, ...read });
const values = (samples: Sample[], name: string) =>
  samples.filter((one) => one.name === name).map(({ labels, value }) => ({ ...labels, value }));

test('each component in each store: what would be lost, what a restore takes, what the ledger found', () => {
  const ledger = { checkedAt: '2026-01-01T11:59:50Z', faults: 1, gaps: 2 };
  const samples = from({
    stores: [reading('hot', { rpoSeconds: 0.5, rto, ledger }), reading('warm', { rpoSeconds: 7 })],
  });
  const labels = { system: 'shop', ...database };
  expect(values(samples, 'holdfast_rpo_seconds')).toEqual([
    { ...labels, store: 'hot', value: 0.5 },
    { ...labels, store: 'warm', value: 7 },
  ]);
  expect(values(samples, 'holdfast_rto_seconds')).toEqual([{ ...labels, store: 'hot', value: 20 }]);
  expect(values(samples, 'holdfast_ledger_faults')).toEqual([{ ...labels, store: 'hot', value: 1 }]);
  expect(values(samples, 'holdfast_wal_gaps')).toEqual([{ ...labels, store: 'hot', value: 2 }]);
  expect(values(samples, 'holdfast_rpo_objective_seconds')).toEqual([{ ...labels, value: 5 }]);
  expect(values(samples, 'holdfast_rto_objective_seconds')).toEqual([{ ...labels, value: 10 }]);
  expect(values(samples, 'holdfast_objective_missed')).toEqual([
    { ...labels, objective: 'rpo', value: 0 },
    { ...labels, objective: 'rto', value: 1 },
  ]);
});

test('what was not measured is absent and never a zero', () => {
  const names = from({ measuredAt: new Map() }).map(({ name }) => name);
  const objectives = ['holdfast_rpo_objective_seconds', 'holdfast_rto_objective_seconds'];
  expect([...new Set(names)].sort()).toEqual([...objectives, 'holdfast_store_measured']);
  const nothing = from({
    stores: [{ store: 'hot', backups: [], heads: [], components: [{ ...database, store: 'hot' }], maintenance: [] }],
  });
  expect(values(nothing, 'holdfast_rpo_seconds')).toEqual([]);
  expect(values(nothing, 'holdfast_objective_missed')).toEqual([]);
});

test('a store that is away is said to be, and keeps the time of its last answer', () => {
  const samples = from({ stores: [], measuredAt });
  const labels = { system: 'shop', site: 'dc01' };
  expect(values(samples, 'holdfast_store_measured')).toEqual([
    { ...labels, store: 'hot', value: 0 },
    { ...labels, store: 'warm', value: 0 },
  ]);
  expect(values(samples, 'holdfast_measured_timestamp_seconds')).toEqual([
    { ...labels, store: 'hot', value: now / 1000 },
  ]);
  expect(values(from({ stores: [reading('warm')] }), 'holdfast_store_measured').map(({ value }) => value)).toEqual([
    0, 1,
  ]);
});

test('a shipper: whether it streams, whether commits wait, what the server keeps for it', () => {
  const slot = { retainedBytes: 10, status: 'reserved', bytesLeft: 100, hoursLeft: 2 };
  const commits = { state: 'synchronous' as const, since: '', reason: '' };
  const samples = from({ shippers: [{ ...database, state: 'streaming', mode: 'sync', commits, slot }] });
  const one = { system: 'shop', ...database };
  expect(values(samples, 'holdfast_shipper_streaming')).toEqual([{ ...one, value: 1 }]);
  expect(values(samples, 'holdfast_commits_synchronous')).toEqual([{ ...one, mode: 'sync', value: 1 }]);
  expect(values(samples, 'holdfast_wal_retained_bytes')).toEqual([{ ...one, value: 10 }]);
  expect(values(samples, 'holdfast_wal_room_seconds')).toEqual([{ ...one, value: 7200 }]);
  const gone = from({ shippers: [{ ...database, state: 'missing' }] });
  expect(values(gone, 'holdfast_shipper_streaming')).toEqual([{ ...one, value: 0 }]);
  expect(values(gone, 'holdfast_wal_retained_bytes')).toEqual([]);
});

test('the newest backup of each tier, whichever store knows of it', () => {
  const samples = from({ stores: [reading('hot'), { ...reading('warm'), backups: [backup('3', 'daily')] }] });
  expect(values(samples, 'holdfast_last_backup_timestamp_seconds')).toEqual([
    { system: 'shop', site: 'dc01', tier: '', kind: 'backup', value: Date.parse('2026-01-01T01:10:00Z') / 1000 },
    { system: 'shop', site: 'dc01', tier: 'daily', kind: 'backup', value: Date.parse('2026-01-01T03:10:00Z') / 1000 },
  ]);
  expect(values(samples, 'holdfast_last_backup_bytes')).toHaveLength(2);
  const point = { ...backup('4', 'often'), marks: {} };
  const points = from({ stores: [{ ...reading('hot'), backups: [backup('1'), point] }] });
  expect(values(points, 'holdfast_last_backup_bytes')).toEqual([
    expect.objectContaining({ tier: '', kind: 'backup' }),
    expect.objectContaining({ tier: 'often', kind: 'point' }),
  ]);
});

test('maintenance: when it was done last, whether that is too long ago, how its newest run ended', () => {
  const { config: planned } = parseConfig(
    'system: shop\nsites: { dc01: { components: {} } }\nstores: { hot: { kind: dir, path: /hot } }\ntiers: { daily: { schedule: 0 2 * * * } }\n',
    '/c/holdfast.yaml',
  );
  const run = { workflowId: 'w', runId: 'r', startedAt: '2026-01-01T03:00:00Z', endedAt: '2026-01-01T03:01:00Z' };
  const mark = { format: 1 as const, site: 'dc01', firstAt: run.endedAt };
  const maintenance: StoreReading['maintenance'] = [
    { ...mark, work: 'retention', completedAt: run.endedAt, last: { ...run, status: 'completed' } },
    { ...mark, work: 'cleanup', last: { ...run, status: 'failed', error: { code: 'store_full', message: '' } } },
  ];
  const later = now + 2 * 86_400_000;
  const told = (stores: StoreReading[]) => samplesFrom(planned, ['dc01'], { stores, measuredAt, now: later });
  const samples = told([{ ...reading('hot'), maintenance }]);
  const labels = { system: 'shop', site: 'dc01' };
  expect(values(samples, 'holdfast_maintenance_completed_timestamp_seconds')).toEqual([
    { ...labels, work: 'retention', value: Date.parse(run.endedAt) / 1000 },
  ]);
  const failing = values(samples, 'holdfast_maintenance_failing');
  expect(failing).toHaveLength(6);
  expect(failing.filter(({ value }) => value === 1)).toEqual([{ ...labels, work: 'cleanup', value: 1 }]);
  const overdue = values(samples, 'holdfast_maintenance_overdue').filter(({ value }) => value === 1);
  expect(overdue.map((one) => ('work' in one ? one.work : ''))).toEqual(['retention', 'replication', 'verification']);
  expect(values(told([]), 'holdfast_maintenance_overdue')).toEqual([]);
});

test('copies: none is missing from the start, one is late when it was promised earlier, and nothing is said that nobody can know', () => {
  const { config: copying } = parseConfig(
    `system: shop
sites: { dc01: { components: {} } }
stores: { hot: { kind: dir, path: /hot }, dr: { kind: dir, path: /dr, role: dr }, apac: { kind: dir, path: /a, role: apac } }
tiers: { daily: { copies: { to: [dr, apac] } } }
`,
    '/c/holdfast.yaml',
  );
  const daily = backup('2', 'daily');
  const told = (stores: StoreReading[], hours = 1) => {
    const later = Date.parse(daily.endedAt ?? '') + hours * 3_600_000;
    const samples = samplesFrom(copying, ['dc01'], { stores, measuredAt, now: later });
    return ['missing', 'missing_age_seconds', 'late'].map((name) =>
      values(samples, `holdfast_copies_${name}`).map((one) => `${'store' in one ? one.store : ''} ${one.value}`),
    );
  };
  const holding = (store: string, ...backups: BackupHead[]) => ({ ...reading(store), backups, heads: backups });
  const none = ['dr 0', 'apac 0'];
  expect(told([holding('hot'), holding('dr'), holding('apac')])).toEqual([none, none, none]);
  const stores = [holding('hot', daily), holding('dr'), holding('apac', daily)];
  expect(told(stores)).toEqual([['dr 1', 'apac 0'], ['dr 3600', 'apac 0'], none]);
  expect(told(stores, 5)[2]).toEqual(['dr 1', 'apac 0']);
  // What is in `hot` alone is not known while it is away.
  expect(told(stores.slice(1), 5)).toEqual([['dr 1'], ['dr 18000'], ['dr 1']]);
  expect(told([holding('dr'), holding('apac')])).toEqual([[], [], []]);
  expect(told([])).toEqual([[], [], []]);
});

test('names end in their unit, and none says total, which is for counters', () => {
  const odd = Object.keys(metrics).filter((name) => !/^holdfast_[a-z_]+$/.test(name) || name.endsWith('_total'));
  expect(odd).toEqual([]);
});
