/** The table that the order of the suites is taken from in a fresh clone. */
import { exists, readJson } from './tree';

test('every suite in it is there', () => {
  const names = Object.keys(readJson<Record<string, number>>('scripts/suite-seconds.json'));
  expect(names.length).toBeGreaterThan(0);
  expect(names.filter((name) => !exists(`test/${name}.test.ts`))).toEqual([]);
});
