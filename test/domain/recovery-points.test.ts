import type { BackupHead } from '../../domain/backup';
import { pointsToExpire, pointsToRemove } from '../../domain/recovery-points';

const row = { site: 'dc01', tier: 'continuous' };
const minute = 60_000;
const begin = Date.parse('2026-11-22T00:00:00Z');

function point(number: number, more: Partial<BackupHead> = {}): BackupHead {
  const startedAt = new Date(begin + number * 5 * minute).toISOString();
  const common = { system: 'sys', ...row, components: {}, bytes: 0, storedBytes: 0, stores: ['hot'], location: '' };
  return { ...common, id: `p${number}`, type: 'incremental', status: 'completed', startedAt, marks: {}, ...more };
}

const ids = (heads: BackupHead[]) => heads.map(({ id }) => id).sort();

test('the newest are kept, whatever order they are listed in', () => {
  const heads = [3, 1, 4, 2, 5].map((number) => point(number));
  expect(ids(pointsToExpire(heads, row, 3))).toEqual(['p1', 'p2']);
  expect(pointsToExpire(heads, row, 5)).toEqual([]);
});

test('failed ones count for nothing, and other tiers, sites and backups are not touched', () => {
  const heads = [
    point(1),
    point(2, { status: 'failed' }),
    point(3, { tier: 'other' }),
    point(4, { site: 'dc02' }),
    point(5, { marks: undefined }),
    point(6),
  ];
  expect(ids(pointsToExpire(heads, row, 1))).toEqual(['p1']);
});

const now = new Date(begin + 100 * minute);
const expired = (minutes: number) => ({
  status: 'expired' as const,
  expiredAt: new Date(begin + minutes * minute).toISOString(),
});

test('what is expired stays for the grace, and then goes', () => {
  const heads = [point(1, expired(40)), point(2, expired(41)), point(3)];
  expect(ids(pointsToRemove(heads, row, now, 60 * minute))).toEqual(['p1']);
});

test('what anything that is offered, made or still in its grace builds upon stays', () => {
  const old = expired(10);
  const heads = [
    point(1, old),
    point(2, { ...old, chain: ['p1'] }),
    point(3, { ...old, chain: ['p1', 'p2'] }),
    point(4, { ...expired(90), chain: ['p1'] }),
    point(5, { status: 'creating', chain: ['p2'], tier: undefined, marks: undefined }),
  ];
  expect(ids(pointsToRemove(heads, row, now, 60 * minute))).toEqual(['p3']);
  expect(ids(pointsToRemove(heads.slice(0, 3), row, now, 60 * minute))).toEqual(['p1', 'p2', 'p3']);
});

test('one that failed long ago goes, one that is being made does not', () => {
  const heads = [
    point(1, { status: 'failed', endedAt: new Date(begin).toISOString() }),
    point(2, { status: 'failed', endedAt: now.toISOString() }),
    point(3, { status: 'creating' }),
  ];
  expect(ids(pointsToRemove(heads, row, now, 60 * minute))).toEqual(['p1']);
});
