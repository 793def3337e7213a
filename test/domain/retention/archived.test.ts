/** What no rule keeps and what may not be deleted: it is archived, with what it builds upon, and nothing else is. */
import { explainDecision } from '../../../domain/retention/explain';
import { planStore } from '../../../domain/retention/plan';
import type { Spared, StoreClasses } from '../../../domain/retention/types';
import { day, head, now, options, view } from './heads';

const until = new Date(now + day).toISOString();
const lock = { lock: { mode: 'compliance' as const, until } };
const marked = { archived: { at: '2026-05-01T00:00:00.000Z' } };
const held = (...ids: string[]) => ids.map((backupId): Spared => ({ backupId, kind: 'hold', by: 'me' }));
const classes: StoreClasses = { own: 'STANDARD_IA', archive: 'DEEP_ARCHIVE' };
const newest = head('new', 0);

function told(heads: Parameters<typeof view>[0], spared: Spared[] = [], policy: object = { classes }): string[] {
  return planStore(view([...heads, newest], { spared }), options({ last: 1 }, {}, policy)).flatMap((one) => {
    const change = one.archiving === undefined ? '' : ` (${one.archiving})`;
    return one.archived || one.archiving ? [`${one.backupId}${change}: ${explainDecision(one)}`] : [];
  });
}

const onHold = 'expired, but on legal hold by me';
const locked = 'expired, but locked by the store until 2026-06-02 00:00:00';

test('what only a hold keeps belongs into the coldest class; what is locked stays in its own, since its version would stay beside the new one', () => {
  expect(told([head('held', 9)], held('held'))).toEqual([
    `held (begins): ${onHold}: archived in STANDARD_IA, and belongs into DEEP_ARCHIVE`,
  ]);
  expect(told([head('held', 9, { ...marked, storageClass: 'DEEP_ARCHIVE' })], held('held'))).toEqual([
    `held: ${onHold}: archived in DEEP_ARCHIVE`,
  ]);
  expect(told([head('held', 9, { ...marked, storageClass: 'GLACIER' })], held('held'))).toEqual([
    `held: ${onHold}: archived in GLACIER`,
  ]);
  expect(told([head('locked', 9, lock)])).toEqual([
    `locked (begins): ${locked}, and goes then by itself: archived in STANDARD_IA`,
  ]);
  expect(told([head('both', 9, lock)], held('both'))).toEqual([
    `both (begins): expired, but on legal hold by me; locked by the store until 2026-06-02 00:00:00: archived in STANDARD_IA`,
  ]);
  expect(told([head('held', 9)], held('held'), {})).toEqual([`held (begins): ${onHold}: archived where it is`]);
});

test('what a rule, a safeguard, a pin, a lease or a window keeps is not archived', () => {
  const pin: Spared = { backupId: 'pinned', kind: 'pin', by: 'me' };
  expect(told([head('pinned', 9, lock)], [pin])).toEqual([]);
  expect(told([head('proven', 9, { ...lock, provenAt: '2026-05-30T00:00:00Z' })])).toEqual([]);
  const lease = { backupId: 'read', kind: 'restore' as const, holder: 'r', until };
  const seen = view([head('read', 9, lock), { ...newest, ...lock }], { leases: [lease] });
  expect(planStore(seen, options({ last: 1 })).filter(({ archived }) => archived)).toEqual([]);
});

test('of a chain all that is kept for such a one alone; not what something else needs, whoever made that', () => {
  const chain = [head('full', 9), head('child', 8, { chain: ['full'] })];
  expect(told(chain, held('child')).map((one) => one.split(':')[0])).toEqual(['full (begins)', 'child (begins)']);
  const wanted = head('wanted', 7, { chain: ['full'], provenAt: '2026-05-30T00:00:00Z' });
  expect(told([...chain, wanted], held('child')).map((one) => one.split(':')[0])).toEqual(['child (begins)']);
  const foreign = head('foreign', 7, { chain: ['full'], site: 'dc02' });
  expect(told([...chain, foreign], held('child')).map((one) => one.split(':')[0])).toEqual(['child (begins)']);
  const running = head('running', 0.1, { chain: ['full'], status: 'creating' });
  expect(told([...chain, running], held('child')).map((one) => one.split(':')[0])).toEqual(['child (begins)']);
});

test('one that builds upon what is locked is locked with it', () => {
  expect(told([head('full', 9), head('child', 8, { chain: ['full'], ...lock })], held('full'))[0]).toBe(
    `full (begins): expired, but on legal hold by me; built upon by child: archived in STANDARD_IA`,
  );
});

test('the mark ends when a rule keeps it again, and is nothing to think of once it expires', () => {
  expect(told([head('held', 9, { ...marked, provenAt: '2026-05-30T00:00:00Z' })], held('held'))).toEqual([
    `held (ends): the last that was proven; on legal hold by me`,
  ]);
  expect(told([head('free', 9, marked)])).toEqual([]);
});

test('what a rule keeps as soon as others have gone is not archived in between', () => {
  const heads = [head('held', 9), head('moved', 5), newest];
  const below = ({ id }: { id: string }) =>
    id === 'moved' ? ({ to: 'far', state: 'whole', at: until } as const) : undefined;
  const decisions = planStore(view(heads, { spared: held('held') }), { ...options({ last: 2 }), below });
  expect(decisions.map(({ backupId, action, archived }) => [backupId, action, archived])).toEqual([
    ['held', 'keep', undefined],
    ['moved', 'expire', undefined],
    ['new', 'keep', undefined],
  ]);
});
