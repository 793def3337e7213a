import { exitOfTest, worst } from '../../../domain/verification/results';
import { outcomeOf, verdictOf } from '../../../domain/verification/verdict';

test.each([
  ['checksum_mismatch', 'failed'],
  ['wal_gap', 'failed'],
  ['validation_failed', 'failed'],
  ['timestamp_out_of_range', 'failed'],
  ['store_unavailable', 'could_not_run'],
  ['target_full', 'could_not_run'],
  ['tablespace_conflict', 'could_not_run'],
  ['tools_not_found', 'could_not_run'],
  ['key_wrong', 'could_not_run'],
] as const)('%s says: %s', (code, verdict) => {
  expect(verdictOf(code)).toBe(verdict);
});

test('findings are warnings, and what could not run is never green', () => {
  expect(outcomeOf([])).toBe('passed');
  expect(outcomeOf(['a count differs'])).toBe('warning');
  expect(worst([{ status: 'proved' }, { status: 'could_not_run' }])).toBe('could_not_run');
  expect(worst([{ status: 'failed' }, { status: 'could_not_run' }])).toBe('failed');
  expect([exitOfTest('proved'), exitOfTest('failed'), exitOfTest('could_not_run')]).toEqual([0, 1, 2]);
});
