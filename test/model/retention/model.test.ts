/** A short sample of the model checker, and every fault that can be planted: each must be found, or a sample without violations says nothing. */
import { check, describeViolation, faults } from './check';
import { runSequence } from './run';

/** `HOLDFAST_TEST_SEQUENCES`: so many instead. */
const sample = Number(process.env['HOLDFAST_TEST_SEQUENCES'] ?? 300);
const seed = Number(process.env['HOLDFAST_TEST_SEED'] ?? 20_260_101);

test('no sequence of the sample breaks a promise', async () => {
  const { sequences, violations } = await check({ sequences: sample, seed, enough: 1 });
  expect(violations.map(describeViolation)).toEqual([]);
  expect(sequences).toBe(sample);
});

test.each(Object.keys(faults))('the planted fault %s is found', async (name) => {
  const { violations } = await check({ sequences: 3000, seed: 1, fault: faults[name], enough: 1, shrink: false });
  expect(violations).toHaveLength(1);
  const [found] = violations;
  expect(found?.faults.length).toBeGreaterThan(0);
  expect(
    await runSequence(found?.shrunk ?? { setup: { rules: 0, minimum: 1, window: 0, stores: 1 }, steps: [] }),
  ).toEqual([]);
});
