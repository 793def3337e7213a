import { explain } from '../../../domain/retention/explain';
import { planStore } from '../../../domain/retention/plan';
import { lockedOnly, nextUnlock } from '../../../domain/retention/unlock';
import { day, head, now, options, view } from './heads';

const inDays = (days: number) => new Date(now + days * day).toISOString();
const lock = (days: number) => ({ lock: { mode: 'compliance' as const, until: inDays(days) } });

function ahead(...heads: Parameters<typeof view>[0]) {
  const seen = view([...heads, head('new', 0)]);
  const decisions = planStore(seen, options({ last: 1 }));
  return { next: nextUnlock(seen, decisions, day), locked: lockedOnly(decisions), decisions };
}

test('the first lock that ends is waited for, and what something else keeps is not', () => {
  const pinned = [{ backupId: 'pinned', kind: 'pin', by: 'me' } as const];
  const heads = [
    head('late', 9, lock(7)),
    head('soon', 8, lock(3)),
    head('pinned', 7, lock(1)),
    head('new', 0, lock(2)),
  ];
  const seen = view(heads, { spared: pinned });
  const decisions = planStore(seen, options({ last: 1 }));
  expect(nextUnlock(seen, decisions, day)).toEqual({
    ...{ store: 'near', backupId: 'soon', what: 'lock', until: inDays(3), inMs: 3 * day },
  });
  expect(lockedOnly(decisions)).toEqual({ count: 2, until: inDays(3) });
  expect(decisions.map(({ reasons }) => explain(reasons)).slice(0, 3)).toEqual([
    'locked by the store until 2026-06-08 00:00:00, and goes then by itself',
    'locked by the store until 2026-06-04 00:00:00, and goes then by itself',
    'pinned by me; locked by the store until 2026-06-02 00:00:00',
  ]);
});

test('what expires since its lock ended is waited for until it is removed', () => {
  expect(ahead(head('free', 9, lock(-1))).next).toMatchObject({ backupId: 'free', what: 'cool-off', inMs: day });
  const cooling = { ...lock(-1), status: 'expired', expiredAt: inDays(-0.25) } as const;
  expect(ahead(head('cooling', 9, cooling)).next).toMatchObject({ what: 'cool-off', until: inDays(0.75) });
});

test('of a chain the youngest is waited for, and what others keep as well is left to them', () => {
  const { next, locked } = ahead(head('full', 9, lock(4)), head('upon', 8, { chain: ['full'], ...lock(3) }));
  expect(next).toMatchObject({ backupId: 'upon', inMs: 3 * day });
  expect(locked).toEqual({ count: 1, until: inDays(3) });
});

test('where nothing was locked nothing is waited for', () => {
  const cooling = { status: 'expired', expiredAt: inDays(-0.25) } as const;
  expect(ahead(head('old', 9), head('cooling', 9, cooling))).toMatchObject({ next: undefined, locked: undefined });
});
