import { commitProblems, commitsOf, shipperWarnings } from '../../../client/output/shippers';

const one = { site: 'dc01', component: 'database', state: 'streaming' as const };
const since = '2026-11-22T02:00:00.123456Z';
const waits = { state: 'synchronous' as const, since, reason: 'the stores keep up' };
const goes = { state: 'asynchronous' as const, since, reason: 'a commit waited 200 ms' };

test('in words', () => {
  expect(commitsOf({ ...one, mode: 'sync', commits: waits })).toBe('synchronous since 2026-11-22T02:00:00Z');
  expect(commitsOf({ ...one, mode: 'async' })).toBe('asynchronous');
  expect(commitsOf(one)).toBe('');
});

test('a promise of sync that is not kept is a problem, in hybrid a warning; each says why', () => {
  const told = (mode: 'async' | 'sync' | 'hybrid', commits?: typeof goes | typeof waits) => {
    const shipper = { ...one, mode, ...(commits && { commits }) };
    return [commitProblems(shipper), shipperWarnings(shipper)];
  };
  const why = expect.stringMatching(
    /do not wait for the stores.*since 2026-11-22T02:00:00.123456Z: a commit waited 200 ms/,
  );
  expect(told('sync', goes)).toEqual([[why], []]);
  expect(told('hybrid', goes)).toEqual([[], [why]]);
  expect(told('sync')).toEqual([[expect.stringContaining('though the mode is sync')], []]);
  for (const kept of [told('sync', waits), told('hybrid', waits), told('async')]) expect(kept).toEqual([[], []]);
});

test('a store that lacks WAL is named, with how much and why', () => {
  const stored = { stored: '0/1', lagSeconds: 3, lagBytes: 2 ** 20 };
  const stores = [
    { store: 'hot', ...stored, behind: false },
    { store: 'warm', ...stored, behind: true },
    { store: 'cold', ...stored, behind: false, trouble: 'the store does not answer' },
  ];
  expect(shipperWarnings({ ...one, mode: 'async', stores })).toEqual([
    'store warm lacks 1.0 MiB of the WAL of database (dc01) and is being filled from another',
    'store cold lacks 1.0 MiB of the WAL of database (dc01): the store does not answer',
  ]);
});
