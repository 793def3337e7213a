/** A short sample of `npm run soak:sites`: several sites on one control worker. */
import { soak } from './soak';

test('every tier of every site runs when it is due, and what was at the same time at one site waits for its turn', async () => {
  const found = await soak({ sites: 4, sitesPerAgent: 2, seed: 1, due: 2 });
  expect(found.schedules).toBe(24);
  expect(found.outcomes).toEqual({ completed: 8 });
  expect(found.reasons).toEqual([]);
  expect(Number.isFinite(found.late.worst)).toBe(true);
  // Of 80 if each queue had as many as it may, beside those of the control worker.
  expect(found.polls.open).toBeLessThan(42);
  expect(found.polls.refused).toBe(0);
  expect(found.events).toBeLessThan(1000);
}, 240_000);
