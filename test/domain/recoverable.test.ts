import { parseLsn } from '../../domain/lsn';
import { type RecoverableBackup, recoverableIntervals, type StoredTimeline } from '../../domain/recoverable';

const at = (hour: number) => `2026-01-01T${String(hour).padStart(2, '0')}:00:00.000000Z`;
const lsn = (low: string) => parseLsn(`0/${low}`);
const backup = (id: string, timeline: number, start: string, stop: string, hour: number): RecoverableBackup => ({
  id,
  timeline,
  startLsn: lsn(start),
  stopLsn: lsn(stop),
  stopTime: at(hour),
});
const first = { timeline: 1, from: 0n };
const one = (intervals: [string, string][], coverage?: { lsn: string; hour: number }): StoredTimeline => ({
  timeline: 1,
  path: [first],
  intervals: intervals.map(([from, to]) => ({ from: lsn(from), to: lsn(to) })),
  coverage: coverage && { lsn: lsn(coverage.lsn), time: at(coverage.hour) },
});

test('from the first backup’s end to what is covered, with every backup on the way', () => {
  const backups = [backup('a', 1, '10', '20', 1), backup('b', 1, '50', '60', 3)];
  expect(recoverableIntervals(backups, [one([['0', '100']], { lsn: 'FF', hour: 5 })])).toEqual([
    { timeline: 1, from: at(1), to: at(5), fromLsn: lsn('20'), toLsn: lsn('100'), backups: ['a', 'b'] },
  ]);
});

test('a gap ends one interval; the next begins with a backup after it', () => {
  const backups = [backup('a', 1, '10', '20', 1), backup('b', 1, '60', '70', 3)];
  const found = recoverableIntervals(backups, [
    one(
      [
        ['0', '30'],
        ['50', '100'],
      ],
      { lsn: '90', hour: 5 },
    ),
  ]);
  expect(found.map(({ from, to, toLsn, backups: ids }) => [from, to, toLsn, ids])).toEqual([
    [at(1), at(1), lsn('30'), ['a']],
    [at(3), at(5), lsn('100'), ['b']],
  ]);
});

test('a backup whose own WAL is not whole gives nothing', () => {
  expect(recoverableIntervals([backup('a', 1, '10', '40', 1)], [one([['0', '30']])])).toEqual([]);
  expect(recoverableIntervals([backup('a', 1, '10', '40', 1)], [])).toEqual([]);
});

test('a mark of coverage beyond what is stored without a hole is not believed', () => {
  const found = recoverableIntervals([backup('a', 1, '10', '20', 1)], [one([['0', '30']], { lsn: '31', hour: 5 })]);
  expect(found[0]?.to).toBe(at(1));
});

test('a backup of the first timeline reaches the second through the fork, and its own end', () => {
  const second: StoredTimeline = {
    timeline: 2,
    path: [
      { timeline: 1, from: 0n, to: lsn('40') },
      { timeline: 2, from: lsn('40') },
    ],
    intervals: [{ from: lsn('30'), to: lsn('90') }],
    coverage: { lsn: lsn('90'), time: at(9) },
  };
  const found = recoverableIntervals([backup('a', 1, '10', '20', 1)], [one([['0', '60']]), second]);
  expect(found.map(({ timeline, toLsn, to }) => [timeline, toLsn, to])).toEqual([
    [1, lsn('60'), at(1)],
    [2, lsn('90'), at(9)],
  ]);
});

test('a backup that ended after the fork does not reach the second timeline', () => {
  const second: StoredTimeline = {
    timeline: 2,
    path: [
      { timeline: 1, from: 0n, to: lsn('40') },
      { timeline: 2, from: lsn('40') },
    ],
    intervals: [{ from: lsn('30'), to: lsn('90') }],
  };
  const found = recoverableIntervals([backup('late', 1, '30', '50', 1)], [one([['0', '60']]), second]);
  expect(found.map(({ timeline }) => timeline)).toEqual([1]);
});
