import { Arrivals } from '../../../../components/postgres/wal/arrivals';

function arrivals() {
  const clock = { now: 0 };
  return { clock, seen: new Arrivals(() => clock.now) };
}

test('waits are told from the arrival on: those that ended, and the one that lasts', () => {
  const { clock, seen } = arrivals();
  seen.note(10n);
  clock.now = 5;
  seen.note(20n);
  clock.now = 9;
  seen.stored(10n);
  expect(seen.takeSlowest()).toBe(9);
  expect(seen.takeSlowest()).toBe(0);
  expect(seen.waitedBehind(10n)).toBe(4);
  expect(seen.waitedBehind(0n)).toBe(9);
  expect(seen.waitedBehind(20n)).toBe(0);
});

test('what one store still lacks is remembered, and counts no second time as acknowledged', () => {
  const { clock, seen } = arrivals();
  seen.note(10n);
  clock.now = 100;
  seen.stored(10n);
  expect(seen.takeSlowest()).toBe(100);
  clock.now = 1000;
  seen.note(20n);
  clock.now = 1003;
  seen.stored(20n);
  expect(seen.takeSlowest()).toBe(3);
  expect(seen.waitedBehind(0n)).toBe(1003);
  seen.forget(10n);
  expect(seen.waitedBehind(0n)).toBe(3);
});

test('however much waits, memory is bounded and no wait is told too short', () => {
  const { clock, seen } = arrivals();
  for (let lsn = 1n; lsn <= 100_000n; lsn++) {
    clock.now += 2;
    seen.note(lsn);
  }
  expect(seen.waitedBehind(0n)).toBe(2 * 99_999);
  expect(seen.waitedBehind(50_000n)).toBeGreaterThanOrEqual(2 * 49_999);
  expect(seen.waitedBehind(99_999n)).toBe(0);
  expect(JSON.stringify(seen, (_, value) => (typeof value === 'bigint' ? 0 : value)).length).toBeLessThan(200_000);
});
