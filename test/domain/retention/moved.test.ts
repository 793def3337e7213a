import type { BackupHead, Proof } from '../../../domain/backup';
import { parseConfig } from '../../../domain/config/parse';
import { dueStoreMoves } from '../../../domain/retention/due-moves';
import { explain } from '../../../domain/retention/explain';
import { planSite } from '../../../domain/retention/plan-site';
import type { StoreView } from '../../../domain/retention/types';
import { day, head, now, view } from './heads';

const { config } = parseConfig(
  `system: s
sites: { dc01: { components: { files: { kind: files, paths: [/f] } } } }
stores: { hot: { kind: dir, path: /h }, warm: { kind: dir, path: /w, role: warm }, cold: { kind: dir, path: /c, role: cold } }
tiers: { daily: { keep: { days: 30 }, move: [{ after: 1d, store: warm }, { after: 7d, store: cold }] } }
`,
  '/holdfast.yaml',
  {},
);

const at = new Date(now - day / 2).toISOString();
const proof = (outcome: Proof['outcome']): Partial<BackupHead> => ({
  verifiedAt: at,
  proofs: [{ level: 'quick', at, seconds: 1, outcome }],
});
const copied = (one: BackupHead, more: Partial<BackupHead> = {}) => ({ ...one, ...proof('passed'), ...more });
const of = (store: string, heads: BackupHead[]): StoreView => view(heads, { store });

function plan(...views: StoreView[]): Record<string, string[]> {
  const plans = planSite(views, { config, site: 'dc01', partial: false });
  return Object.fromEntries(
    plans.map(({ store, decisions }) => [
      store,
      decisions.map(({ backupId, action, reasons }) => `${backupId} ${action}: ${explain(reasons)}`),
    ]),
  );
}
const due = (...views: StoreView[]) => dueStoreMoves(config, 'dc01', views);

const young = head('young', 0.5);
const old = head('old', 2);

test('it leaves the upper store when its copy below is whole, and not before', () => {
  expect(due(of('hot', [old, young]), of('warm', []))).toEqual({
    copies: [{ backupId: 'old', to: 'warm' }],
    again: [],
  });
  const lacking = plan(of('hot', [old, young]), of('warm', []), of('cold', []));
  expect(lacking['hot']?.[0]).toMatch(/^old keep: young enough until .*; its copy is not yet whole in warm$/);
  const whole = plan(of('hot', [old, young]), of('warm', [copied(old)]), of('cold', []));
  expect(whole['hot']?.[0]).toBe('old expire: moved to warm at 2026-05-31 12:00:00');
  expect(whole['warm']?.[0]).toMatch(/^old keep: young enough/);
  expect(due(of('hot', [old, young]), of('warm', [copied(old)]))).toEqual({ copies: [], again: [] });
});

test.each([
  ['was never looked at', head('old', 2)],
  ['is damaged', { ...old, ...proof('failed') }],
  ['failed', copied(old, { status: 'failed' })],
])('a copy that %s is none', (_, there) => {
  expect(plan(of('hot', [old, young]), of('warm', [there]), of('cold', []))['hot']?.[0]).toMatch(
    /^old keep:.*not yet whole/,
  );
});

test('a store that cannot be seen has nothing', () => {
  expect(plan(of('hot', [old, young]))['hot']?.[0]).toMatch(/^old keep:.*not yet whole in warm$/);
});

test('a copy counts only with all that it builds upon, and a parent stays as long as a child that has not moved', () => {
  const chain = [
    head('full', 3),
    head('child', 2, { chain: ['full'] }),
    head('late', 0.5, { chain: ['full', 'child'] }),
  ];
  const [full, child] = chain.map((one) => copied(one)) as [BackupHead, BackupHead, BackupHead];
  const alone = plan(of('hot', chain.slice(0, 2).concat(young)), of('warm', [child]), of('cold', []));
  expect(alone['hot']?.slice(0, 2)).toEqual([
    expect.stringMatching(/^full keep:.*not yet whole in warm/),
    expect.stringMatching(/^child keep:.*not yet whole in warm/),
  ]);
  const held = plan(of('hot', chain), of('warm', [full, child]), of('cold', []));
  expect(held['hot']?.slice(0, 2)).toEqual(['full keep: built upon by late', 'child keep: built upon by late']);
  const free = plan(of('hot', [...chain.slice(0, 2), young]), of('warm', [full, child]), of('cold', []));
  expect(free['hot']?.map((one) => one.split(':')[0])).toEqual(['full expire', 'child expire', 'young keep']);
});

test('the last of a component stays in the upper store, and what is pinned or locked', () => {
  expect(plan(of('hot', [old]), of('warm', [copied(old)]), of('cold', []))['hot']).toEqual([
    'old keep: so many stay at least',
  ]);
  const lock = { mode: 'compliance' as const, until: new Date(now + day).toISOString() };
  const locked = plan(of('hot', [{ ...old, lock }, young]), of('warm', [copied(old)]), of('cold', []));
  expect(locked['hot']?.[0]).toBe('old keep: locked by the store until 2026-06-02 00:00:00, and goes then by itself');
});

test('it goes on from store to store, and the one above has done with it', () => {
  const older = head('older', 8);
  const [hot, warm] = [of('hot', [older, young]), of('warm', [copied(older), copied(old)])];
  expect(due(hot, warm, of('cold', [])).copies).toEqual([{ backupId: 'older', to: 'cold' }]);
  expect(plan(hot, warm, of('cold', []))).toMatchObject({
    hot: ['older expire: moved to warm at 2026-05-31 12:00:00', expect.any(String)],
    warm: [expect.stringMatching(/^older keep:.*not yet whole in cold$/), expect.any(String)],
  });
  expect(plan(hot, warm, of('cold', [copied(older)]))['warm']?.[0]).toMatch(/^older expire: moved to cold at/);
});

test('what expired since it had moved is kept, and offered again, when the copy below is lost; not when that went by its rules', () => {
  const expired = { status: 'expired', expiredAt: new Date(now - 2 * day).toISOString() } as const;
  const gone = { ...old, ...expired, moved: { to: 'warm', at } };
  const lost = [of('hot', [gone, young]), of('warm', [])] as const;
  expect(plan(...lost)['hot']?.[0]).toBe('old keep: its copy is not yet whole in warm');
  expect(due(...lost)).toEqual({
    copies: [{ backupId: 'old', to: 'warm' }],
    again: [{ backupId: 'old', store: 'hot' }],
  });
  const ancient = { ...head('ancient', 40), ...expired, moved: { to: 'cold', at } };
  expect(plan(of('hot', [ancient, young]), of('warm', []), of('cold', []))['hot']?.[0]).toBe(
    'ancient remove: expired, and cooled off',
  );
});

test('a copy below that no rule keeps, and that waits for a colder class, counts neither on the one above nor on a third: that has left for it', () => {
  const keep = { last: 1, stores: { warm: { days: 4 } } };
  const daily = { ...config.tiers['daily'], keep, strategy: 'tiered' } as (typeof config.tiers)[string];
  const tiered = { ...config, tiers: { daily, law: { ...daily, move: undefined } as typeof daily } };
  const heads = [head('old', 6), head('other', 1, { tier: 'law' })];
  const actions = (...stores: string[]) => {
    const views = stores.map((store) =>
      of(
        store,
        heads.map((one) => copied(one)),
      ),
    );
    const plans = planSite(views, { config: tiered, site: 'dc01', partial: false });
    return plans.map(
      ({ store, decisions }) => `${store} ${decisions.find(({ backupId }) => backupId === 'old')?.action}`,
    );
  };
  expect(actions('hot', 'warm')).toEqual(['hot expire', 'warm move']);
  expect(actions('hot', 'warm', 'third')).toEqual(['hot expire', 'warm move', 'third keep']);
});
