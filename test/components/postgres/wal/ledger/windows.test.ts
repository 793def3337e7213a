import { Windows } from '../../../../../components/postgres/wal/ledger/windows';

const size = 16 * 1024 * 1024;
const held = (segments: number) => [{ from: 0n, to: BigInt(segments) * BigInt(size) }];

test('an archive of a few thousand segments is listed as a whole, every time', () => {
  const windows = new Windows(size);
  expect(windows.of('hot', 1, held(4096))).toEqual([{ from: 0n }]);
  expect(windows.of('hot', 1, [])).toEqual([{ from: 0n }]);
});

test('of a larger one the newest are, and the rest by turns without leaving any out', () => {
  const windows = new Windows(size);
  const count = 20_000;
  const seen = new Set<bigint>();
  let checks = 0;
  for (; seen.size < count - 1024; checks++) {
    const [rolling, newest] = windows.of('hot', 1, held(count));
    expect(newest).toEqual({ from: BigInt(count - 1024) });
    for (let at = rolling?.from ?? 0n; at < (rolling?.to ?? 0n); at++) seen.add(at);
    expect(checks).toBeLessThan(10);
  }
  expect(checks).toBe(Math.ceil((count - 1024) / 3072));
  expect(windows.of('hot', 1, held(count))[0]?.from).toBe(0n);
});

test('stores and timelines take their turns by themselves', () => {
  const windows = new Windows(size);
  windows.of('hot', 1, held(20_000));
  expect(windows.of('warm', 1, held(20_000))[0]?.from).toBe(0n);
  expect(windows.of('hot', 2, held(20_000))[0]?.from).toBe(0n);
});
