import {
  type Acknowledgement,
  describeFinding,
  earlierFinding,
  expectedStretch,
  isAcknowledged,
  missingWithin,
  usableIntervals,
  type WalFinding,
} from '../../domain/wal-ledger';

const stretch = (from: number, to: number) => ({ from: BigInt(from), to: BigInt(to) });
const finding = (more: Partial<WalFinding> = {}): WalFinding => ({
  ...{ fault: 'missing', state: 'open', timeline: 1, stretch: stretch(10, 20), foundAt: 't0', since: 't0' },
  ...more,
});

test('from the first byte that was ever held to the last everything has to be there', () => {
  expect(expectedStretch([stretch(10, 20), stretch(30, 40)])).toEqual(stretch(10, 40));
  expect(expectedStretch([])).toBeUndefined();
});

test('on the server’s way an ancestor goes on to its fork, and no further', () => {
  expect(expectedStretch([stretch(10, 20)], { timeline: 1, from: 0n, to: 50n })).toEqual(stretch(10, 50));
  expect(expectedStretch([stretch(10, 60)], { timeline: 1, from: 0n, to: 50n })).toEqual(stretch(10, 60));
  expect(expectedStretch([stretch(10, 20)], { timeline: 1, from: 0n })).toEqual(stretch(10, 20));
});

test('only what was looked at can be missing', () => {
  expect(missingWithin(stretch(0, 100), [stretch(0, 10), stretch(50, 60)], stretch(0, 40))).toEqual([stretch(10, 40)]);
  expect(missingWithin(undefined, [], stretch(0, 40))).toEqual([]);
});

test('what is altered counts for nothing until it is mended; what is missing is not there anyway', () => {
  const present = [stretch(0, 40)];
  const altered = finding({ fault: 'altered', state: 'lost' });
  expect(usableIntervals(1, present, [altered])).toEqual([stretch(0, 10), stretch(20, 40)]);
  expect(usableIntervals(2, present, [altered])).toEqual(present);
  expect(usableIntervals(1, present, [finding({ fault: 'altered', state: 'healed' }), finding()])).toEqual(present);
});

test('a gap is acknowledged when all of it is', () => {
  const known = (timeline: number, from: number, to: number): Acknowledgement => ({
    ...{ timeline, by: 'ops@host', at: 't' },
    stretch: stretch(from, to),
  });
  expect(isAcknowledged(1, stretch(10, 20), [known(1, 10, 20)])).toBe(true);
  expect(isAcknowledged(1, stretch(10, 20), [known(1, 0, 15), known(1, 15, 20)])).toBe(true);
  expect(isAcknowledged(1, stretch(10, 20), [known(1, 10, 19)])).toBe(false);
  expect(isAcknowledged(1, stretch(10, 20), [known(2, 10, 20)])).toBe(false);
});

test('a gap that shrinks is the same finding', () => {
  const before = finding();
  expect(earlierFinding([before], 'missing', 1, stretch(15, 20))).toBe(before);
  expect(earlierFinding([before], 'missing', 1, stretch(20, 30))).toBeUndefined();
  expect(earlierFinding([finding({ state: 'healed' })], 'missing', 1, stretch(15, 20))).toBeUndefined();
});

test('each finding is a sentence', () => {
  expect(describeFinding(finding({ state: 'lost' }))).toBe(
    'WAL is missing: 0/A to 0/14 of timeline 1, and nobody has it any more',
  );
  expect(describeFinding(finding({ fault: 'history_missing', timeline: 3, stretch: undefined }))).toBe(
    'the history of timeline 3 is missing',
  );
  expect(describeFinding(finding({ fault: 'forked', state: 'set aside', timeline: 3, stretch: undefined }))).toContain(
    'timeline 3 came from no receiver of ours',
  );
});
