/** Pages of what is to be copied: nothing falls between two of them, and what waits for a store that is away is counted once. */
import { pageOf } from '../../../activities/replicate/plan';
import type { LackingCopy } from '../../../domain/replication/wanted';

function lacking(at: number, to: string[], enough = to.length): LackingCopy {
  const startedAt = new Date(at * 60_000).toISOString();
  return { backupId: `b${at}`, startedAt, endedAt: startedAt, storedBytes: 1, to, enough, within: 1 };
}

test('every backup comes once, and each that waits for stores alone that are away is counted once', () => {
  const all = Array.from({ length: 200 }, (_, at) => lacking(at, at % 2 === 0 ? ['dr'] : ['dr', 'apac']));
  let after: string | undefined;
  const seen: string[] = [];
  const leftOut: number[] = [];
  do {
    const page = pageOf(all, ['dr'], after);
    seen.push(...page.backups.map(({ backupId }) => backupId));
    leftOut.push(page.leftOut?.count ?? 0);
    after = page.after;
  } while (after !== undefined);
  expect(seen).toEqual(all.flatMap(({ backupId, to }) => (to.length === 2 ? [backupId] : [])));
  expect(leftOut.length).toBeGreaterThan(1);
  expect(leftOut.reduce((sum, one) => sum + one)).toBe(100);
});

test('what has enough copies without the store that is away is not missed', () => {
  expect(pageOf([lacking(1, ['dr'], 0)], ['dr'])).toEqual({ backups: [] });
  expect(pageOf([lacking(1, ['dr'], 0), lacking(2, ['dr'])], ['dr'])).toEqual({
    ...{ backups: [], leftOut: { count: 1, first: 'b2' } },
  });
});
