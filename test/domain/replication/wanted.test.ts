import type { BackupHead } from '../../../domain/backup';
import type { CopiesConfig, TierConfig } from '../../../domain/config/types';
import { copyLags } from '../../../domain/replication/lag';
import { type Holding, isDamaged, lackingCopies } from '../../../domain/replication/wanted';

const hour = 3_600_000;
const tier = (copies: Partial<CopiesConfig> = {}): TierConfig => ({
  ...{ type: 'full', to: ['hot'], keep: { stores: {} }, strategy: 'fifo', retentionClass: 'standard', verify: 'quick' },
  copies: { to: ['dr', 'apac'], success: 'all', within: 4 * hour, ...copies },
});
const config = (copies?: Partial<CopiesConfig>) => ({ tiers: { daily: tier(copies) }, replication: { within: hour } });

function head(day: number, more: Partial<BackupHead> = {}): BackupHead {
  const startedAt = `2026-01-0${day}T02:00:00.000Z`;
  return {
    ...{ id: `b${day}`, system: 's', site: 'dc01', tier: 'daily', type: 'full', status: 'completed', startedAt },
    ...{ endedAt: `2026-01-0${day}T03:00:00.000Z`, components: {}, bytes: 2, storedBytes: 1, stores: ['hot'] },
    ...{ location: '', ...more },
  };
}

const holding = (store: string, ...heads: BackupHead[]): Holding => ({ store, heads, unreadable: new Set() });
const lacking = (holdings: Holding[], stores?: string[], copies?: Partial<CopiesConfig>) =>
  lackingCopies(config(copies), 'dc01', holdings, stores).map(({ backupId, to, enough }) => [backupId, to, enough]);

test('what a tier wants copied and is not, the oldest first', () => {
  const holdings = [holding('hot', head(2), head(1)), holding('dr', head(1)), holding('apac')];
  expect(lacking(holdings)).toEqual([
    ['b1', ['apac'], 1],
    ['b2', ['dr', 'apac'], 2],
  ]);
});

test('what is of another site, unfinished or expired is not wanted', () => {
  const heads = [head(1, { site: 'dc02' }), head(2, { status: 'creating' }), head(3, { status: 'expired' })];
  expect(lacking([holding('hot', ...heads), holding('dr'), holding('apac')])).toEqual([]);
});

test('a copy that was there and was removed is not made again, unless somebody asks or the store has lost everything', () => {
  const both = head(1, { stores: ['hot', 'dr', 'apac'] });
  const other = head(2, { stores: ['hot', 'dr', 'apac'] });
  expect(lacking([holding('hot', both, other), holding('dr', other), holding('apac', other)])).toEqual([]);
  expect(lacking([holding('hot', both, other), holding('dr', other), holding('apac', other)], ['dr'])).toEqual([
    ['b1', ['dr'], 1],
  ]);
  expect(lacking([holding('hot', both), holding('dr'), holding('apac', both)])).toEqual([['b1', ['dr'], 1]]);
});

test('what a cut-off publishing left behind is made up for, in a store of the tier too', () => {
  const published = {
    tiers: { daily: { ...tier({ to: ['dr'] }), to: ['hot', 'warm'] } },
    replication: { within: hour },
  };
  const whole = head(1, { stores: ['hot', 'warm', 'dr'] });
  const half = head(1, { status: 'failed', stores: [] });
  const holdings = [holding('hot', whole), holding('warm', half), holding('dr', whole)];
  expect(lackingCopies(published, 'dc01', holdings)).toMatchObject([{ backupId: 'b1', to: ['warm'], enough: 1 }]);
});

test('of a store that is away the others say what it holds', () => {
  const holdings = [holding('hot', head(1, { stores: ['hot', 'dr'] }), head(2)), holding('apac', head(1), head(2))];
  expect(lacking(holdings)).toEqual([['b2', ['dr'], 1]]);
});

test('of a quorum, copies that are there count', () => {
  const holdings = [holding('hot', head(1)), holding('dr', head(1)), holding('apac')];
  expect(lacking(holdings, undefined, { success: 1 })).toEqual([['b1', ['apac'], 0]]);
  expect(lacking(holdings, undefined, { success: 2 })).toEqual([['b1', ['apac'], 1]]);
});

test.each([
  ['was removed there', holding('dr', head(2))],
  ['has expired there', holding('dr', head(1, { status: 'expired' }), head(2))],
  ['cannot be read there', { ...holding('dr', head(2)), unreadable: new Set(['b1']) }],
])('a copy that %s is none of a quorum, and no other store has to make up for more than its own', (_what, dr) => {
  const first = head(1, { stores: ['hot', 'dr'] });
  const second = head(2, { stores: ['hot', 'dr', 'apac'] });
  const holdings = [holding('hot', first, second), dr, holding('apac', second)];
  expect(lacking(holdings, undefined, { success: 1 })).toEqual([['b1', ['apac'], 1]]);
  expect(lacking(holdings, undefined, { success: 2 })).toEqual([['b1', ['apac'], 1]]);
});

test('a copy that was found damaged is wanted, until something newer is shown of it', () => {
  const failed = { level: 'full', at: '2026-01-02T00:00:00Z', seconds: 1, outcome: 'failed' } as const;
  const passed = { level: 'quick', at: '2026-01-03T00:00:00Z', seconds: 1, outcome: 'passed' } as const;
  expect([isDamaged({ proofs: [failed] }), isDamaged({ proofs: [passed, failed] }), isDamaged({})]).toEqual([
    true,
    false,
    false,
  ]);
  const there = head(1, { stores: ['hot', 'dr', 'apac'] });
  const holdings = [holding('hot', there), holding('dr', { ...there, proofs: [failed] }), holding('apac', there)];
  expect(lacking(holdings)).toEqual([['b1', ['dr'], 1]]);
});

test('lag is the age of the oldest that a store lacks, and late when promised earlier', () => {
  const holdings = [holding('hot', head(1), head(2)), holding('dr', head(1)), holding('apac', head(1), head(2))];
  const stores = ['dr', 'apac'].map((store) => ({ store, within: 4 * hour }));
  const at = (time: string) => copyLags('dc01', lackingCopies(config(), 'dc01', holdings), stores, Date.parse(time));
  expect(at('2026-01-02T06:00:00Z')).toEqual([
    { site: 'dc01', store: 'dr', missing: 1, oldest: 'b2', ageSeconds: 10_800, withinSeconds: 14_400, late: false },
    { site: 'dc01', store: 'apac', missing: 0, ageSeconds: 0, withinSeconds: 14_400, late: false },
  ]);
  expect(at('2026-01-02T07:00:01Z')[0]?.late).toBe(true);
});
