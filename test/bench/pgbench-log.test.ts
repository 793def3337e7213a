import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { latenciesIn, percentile, takeLatencies } from '../../bench/pgbench-log';

test('the third column is the time of a transaction in microseconds', () => {
  expect(latenciesIn('0 1 2543 0 1700000000 123456\n31 7 90 0 1700000001 7\n')).toEqual([2.543, 0.09]);
  expect(latenciesIn('')).toEqual([]);
});

test.each(['failed', 'skipped'])('a transaction that %s has no time, and is no measurement', (what) => {
  expect(() => latenciesIn(`0 1 ${what} 0 1700000000 123456\n`)).toThrow(`0 1 ${what} 0`);
});

test('every thread has its own file; those of others stay', () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'hf-log-'));
  try {
    for (const [name, time] of [
      ['commits.77', 1000],
      ['commits.77.1', 2000],
      ['commits-other.77', 3000],
    ] as const)
      writeFileSync(path.join(dir, name), `0 1 ${time} 0 1 1\n`);
    expect(takeLatencies(dir, 'commits').sort()).toEqual([1, 2]);
    expect(readdirSync(dir)).toEqual(['commits-other.77']);
    expect(takeLatencies(dir, 'commits')).toEqual([]);
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test('a percentile is one of the values, in whatever order they come', () => {
  const hundred = Array.from({ length: 100 }, (_, n) => ((n * 37) % 100) + 1);
  expect(percentile(hundred, 0.99)).toBe(99);
  expect(percentile(hundred, 0.5)).toBe(50);
  expect(percentile([3], 0.99)).toBe(3);
  expect(percentile([5, 4], 0.99)).toBe(5);
  expect(percentile([], 0.99)).toBeNaN();
});
