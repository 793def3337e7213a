import { slotRoom, type WalSample, walRate, withSample } from '../../domain/slot-room';

function samples(...positions: [seconds: number, lsn: bigint][]): WalSample[] {
  return positions.reduce<WalSample[]>((all, [seconds, lsn]) => withSample(all, { lsn, atMs: seconds * 1000 }), []);
}

test('the rate is that of the last ten minutes', () => {
  expect(walRate(samples([0, 0n], [10, 1000n]))).toBe(100);
  expect(walRate(samples([0, 0n], [500, 1_000_000n], [1200, 1_070_000n]))).toBeUndefined();
  expect(walRate(samples([0, 0n], [700, 1_000_000n], [1200, 1_050_000n]))).toBe(100);
});

test('a moment is too short for a rate, and a rewound server begins again', () => {
  expect(walRate(samples([0, 0n], [3, 1000n]))).toBeUndefined();
  expect(samples([0, 1000n], [10, 2000n], [20, 500n])).toEqual([{ lsn: 500n, atMs: 20_000 }]);
});

test('what is less counts: the bound of slots or the disk', () => {
  const found = { retainedBytes: 5, status: 'reserved', safeBytes: 7200, freeBytes: 1e9 };
  expect(slotRoom(found, 1)).toMatchObject({ bytesLeft: 7200, hoursLeft: 2 });
  expect(slotRoom({ ...found, safeBytes: undefined, freeBytes: 3600 }, 1)).toMatchObject({ hoursLeft: 1 });
  expect(slotRoom({ ...found, safeBytes: -9 }, 1)).toMatchObject({ bytesLeft: 0, hoursLeft: 0 });
});

test('a quiet server has no hour of its end, and an unbounded one on another host no end we know of', () => {
  expect(slotRoom({ retainedBytes: 5, status: 'reserved', safeBytes: 7200 }, 0).hoursLeft).toBeUndefined();
  expect(slotRoom({ retainedBytes: 5, status: 'reserved' }, 10)).toEqual({
    ...{ retainedBytes: 5, status: 'reserved', bytesPerSecond: 10 },
    ...{ bytesLeft: undefined, hoursLeft: undefined },
  });
});
