import type { BackupHead, Proof, ProofLevel } from '../../../domain/backup';
import { parseConfig } from '../../../domain/config/parse';
import { refuseUnsafe } from '../../../domain/retention/guards';
import { planSite } from '../../../domain/retention/plan-site';
import { database, day, head, now, options, told, view } from './heads';

const row = ['e', 'd', 'c', 'b', 'a'].map((id, at) => head(id, at));

test('the newest stay, and what no rule keeps expires; each is told why', () => {
  expect(told(view(row), options({ last: 2 }))).toEqual([
    'a expire: none',
    'b expire: none',
    'c expire: none',
    'd keep: last',
    'e keep: last minimum',
  ]);
});

test('each rule keeps what it names', () => {
  expect(told(view(row), options({ days: 2 })).slice(3)).toEqual(['d keep: age', 'e keep: age minimum']);
  expect(told(view(row), options({ size: 25 })).slice(3)).toEqual(['d keep: size', 'e keep: size minimum']);
  const empty = row.map((one) => ({ ...one, storedBytes: 0 }));
  expect(told(view(empty), options({ last: 1 })).slice(3)).toEqual(['d expire: none', 'e keep: last minimum']);
  const hours = [head('a', 1.2), head('b', 1.1), head('c', 0.9), head('d', 0.5)];
  expect(told(view(hours), options({ daily: 2 }))).toEqual([
    'a expire: none',
    'b keep: daily',
    'c expire: none',
    'd keep: daily minimum',
  ]);
});

test('what something that stays builds upon stays with it, and goes only after it', () => {
  const chain = [
    head('full', 9),
    head('first', 8, { chain: ['full'] }),
    head('second', 1, { chain: ['full', 'first'] }),
  ];
  expect(told(view(chain), options({ last: 1 }))).toEqual([
    'full keep: chain',
    'first keep: chain',
    'second keep: last minimum',
  ]);
  const expired = { status: 'expired', expiredAt: new Date(now - 2 * day).toISOString() } as const;
  const left = [head('full', 9, expired), head('first', 8, { chain: ['full'] }), head('other', 1)];
  expect(told(view(left), options({ last: 1 }))).toEqual([
    'full keep: chain',
    'first expire: none',
    'other keep: last minimum',
  ]);
});

test('a pin, a hold, a lease and a lock each keep it, and say whose', () => {
  const old = [head('p', 9), head('h', 8), head('l', 7), head('k', 6), head('new', 0)];
  const until = new Date(now + day).toISOString();
  old[3] = { ...old[3], lock: { mode: 'compliance', until } } as (typeof old)[number];
  const spared = [
    { backupId: 'p', kind: 'pin', by: 'me' } as const,
    { backupId: 'h', kind: 'hold', by: 'a court' } as const,
  ];
  const leases = [{ backupId: 'l', kind: 'restore', holder: 'restore/x', until } as const];
  expect(told(view(old, { spared, leases }), options({ last: 1 })).map((one) => one.split(': ')[1])).toEqual([
    'pin',
    'hold',
    'lease',
    'lock',
    'last minimum',
  ]);
});

test('what failed or was abandoned goes after a while, and what expired after the cool-off', () => {
  const ago = (days: number) => new Date(now - days * day).toISOString();
  const heads = [
    head('abandoned', 2, { status: 'creating' }),
    head('failed', 1.5, { status: 'failed' }),
    head('running', 0.5, { status: 'creating' }),
    head('cooling', 9, { status: 'expired', expiredAt: ago(0.5) }),
    head('cooled', 8, { status: 'expired', expiredAt: ago(1.5) }),
    head('new', 0),
  ];
  expect(told(view(heads), options({ last: 1 })).sort()).toEqual([
    'abandoned remove: abandoned',
    'cooled remove: cooled off',
    'cooling keep: cool-off',
    'failed remove: failed',
    'new keep: last minimum',
    'running keep: running',
  ]);
});

test('the order is that of the WAL, whatever clock was wrong; what is dated in the future counts for nobody', () => {
  // The clock went back two days before the last one.
  const heads = [head('z', 1, database('7', 10)), head('y', 3, database('7', 20))];
  expect(told(view(heads), options({ last: 1 }))).toEqual(['y keep: last minimum', 'z expire: none']);
  const future = [head('a', 1, database('7', 10)), head('f', -30, database('7', 5))];
  expect(told(view(future), options({ last: 1 }))).toEqual(['a keep: last minimum', 'f keep: future']);
});

test('after an upgrade neither system pushes out the other’s, whatever their numbers are', () => {
  const heads = [head('old', 2, database('9', 900)), head('new', 1, database('1', 10))];
  expect(told(view(heads), options({ last: 1 }))).toEqual(['old keep: last minimum', 'new keep: last minimum']);
  const later = [head('old', 20, database('9', 900)), head('new', 1, database('1', 10))];
  expect(told(view(later), options({ last: 1 }))).toEqual(['old expire: none', 'new keep: last minimum']);
});

test('the last that was proven stays, and so many as the minimum says', () => {
  const heads = [head('proven', 9, { provenAt: '2026-05-23T00:00:00Z' }), ...row];
  expect(told(view(heads), options({ last: 1 }, { minimum: 2 }))).toEqual([
    'proven keep: proven',
    'a expire: none',
    'b expire: none',
    'c expire: none',
    'd keep: minimum',
    'e keep: last minimum',
  ]);
});

test('one that was found wrong is no reason to let go of the last that is right', () => {
  const failed: Proof = { level: 'quick', at: new Date(now - day).toISOString(), seconds: 1, outcome: 'failed' };
  const wrong = { proofs: [failed] };
  const heads = [head('right', 3), head('wrong', 2, wrong), head('child', 1, { chain: ['wrong'] })];
  expect(told(view(heads), options({ last: 1 }))).toEqual([
    'right keep: minimum',
    'wrong keep: chain',
    'child keep: last minimum',
  ]);
  const found = { ...failed, at: new Date(now).toISOString(), outcome: 'passed' } as const;
  const mended = [head('right', 3), head('wrong', 2, { proofs: [failed, found] }), head('new', 1)];
  expect(told(view(mended), options({ last: 1 }))[0]).toBe('right expire: none');
  const going = [{ backupId: 'right', action: 'expire' as const, reasons: [] }];
  expect(() => refuseUnsafe(heads, going, 1, now)).toThrow(/not found wrong/);
  const expired = { status: 'expired', expiredAt: new Date(now - 9 * day).toISOString() } as const;
  const late = [head('right', 3, expired), head('wrong', 2, wrong)];
  expect(told(view(late), options({ last: 1 }))).toEqual(['right keep: minimum', 'wrong keep: last minimum']);
});

describe('the last that was proven is the last that a test restore proved, and nobody has found wrong since', () => {
  const at = (days: number) => new Date(now - days * day).toISOString();
  const restored = (days: number): Partial<BackupHead> => ({
    provenAt: at(days),
    proofs: [{ level: 'test-restore', at: at(days), seconds: 9, outcome: 'passed' }],
  });
  const said = (level: ProofLevel, days: number, outcome: Proof['outcome']): Proof => ({
    ...{ level, at: at(days), seconds: 1, outcome },
  });
  const proven = head('old', 9, restored(8));
  const last = head('last', 1);
  const kept = (...heads: BackupHead[]) =>
    told(view([proven, ...heads, last]), options({ last: 1 })).filter((one) => one.includes('proven'));

  test.each(['quick', 'full'] as const)('a %s proof of a newer one, as publication writes it, is none', (level) => {
    const published = said(level, 3, 'passed');
    expect(kept(head('new', 3, { proofs: [published], verifiedAt: published.at }))).toEqual(['old keep: proven']);
  });

  test('a newer one that failed since is none, until something as thorough has found it right', () => {
    const { proofs = [], ...more } = restored(3);
    const failed = [...proofs, said('quick', 2, 'failed')];
    expect(kept(head('new', 4, { ...more, proofs: failed }))).toEqual(['old keep: proven']);
    const right = [...failed, said('full', 1, 'passed')];
    expect(kept(head('new', 4, { ...more, proofs: right }))).toEqual(['new keep: proven']);
    expect(kept(head('new', 4, { ...more, proofs: [...proofs, said('quick', 4, 'failed')] }))).toEqual([
      'new keep: proven',
    ]);
  });

  test('nor is one whose chain was found wrong since', () => {
    const parent = head('parent', 5, { proofs: [said('full', 2, 'failed')] });
    const child = head('child', 4, { type: 'incremental', chain: ['parent'], ...restored(3) });
    expect(kept(parent, child)).toEqual(['old keep: proven']);
    const later = { ...child, ...restored(1) };
    expect(kept(parent, later)).toEqual(['child keep: proven']);
  });

  test('where every one failed since, the last that was proven once is the best there is', () => {
    const wrong = { ...proven, proofs: [...(proven.proofs ?? []), said('full', 1, 'failed')] };
    expect(told(view([wrong, last]), options({ last: 1 }))[0]).toBe('old keep: proven');
    const expire = (id: string) => [{ backupId: id, action: 'expire' as const, reasons: [] }];
    expect(() => refuseUnsafe([wrong, last], expire('old'), 1, now)).toThrow(/last proven/);
    const both = [proven, { ...wrong, id: 'wrong', startedAt: at(3), endedAt: at(3) }, last];
    expect(() => refuseUnsafe(both, expire('wrong'), 1, now)).not.toThrow();
    expect(() => refuseUnsafe(both, expire('old'), 1, now)).toThrow(/last proven/);
  });
});

test('the recovery window begins with the newest backup from before it', () => {
  const heads = [9, 6, 4, 1].map((days) => head(`b${days}`, days, database('7', 100 - days)));
  expect(told(view(heads), options({ last: 1 }, { wal: 5 * day }))).toEqual([
    'b9 expire: none',
    'b6 keep: window',
    'b4 expire: none',
    'b1 keep: last minimum',
  ]);
  const wrong: Proof = { level: 'quick', at: new Date(now).toISOString(), seconds: 1, outcome: 'failed' };
  const found = heads.map((one) => (one.id === 'b6' ? { ...one, proofs: [wrong] } : one));
  expect(told(view(found), options({ last: 1 }, { wal: 5 * day })).slice(0, 3)).toEqual([
    ...['b9 keep: window', 'b6 keep: window', 'b4 expire: none'],
  ]);
});

test('what a tier made that the configuration names no more stays and is told, until an age is said', () => {
  const { config } = parseConfig(
    `system: s
sites: { dc01: { components: { files: { kind: files, paths: [/etc] } } } }
stores: { near: { kind: dir, path: /n } }
tiers: { daily: { keep: { last: 1 } } }
`,
    '/holdfast.yaml',
  );
  const heads = [head('yearly', 900, { tier: 'yearly' }), head('untiered', 800, { tier: undefined }), ...row];
  const given = { config, site: 'dc01', partial: false };
  const [plan] = planSite([view(heads)], given);
  expect(plan?.decisions.map(({ backupId, action }) => `${backupId} ${action}`).slice(0, 3)).toEqual([
    ...['yearly keep', 'untiered expire', 'a expire'],
  ]);
  expect(plan?.warnings).toEqual([expect.stringMatching(/^1 backups are of tier yearly, which the configuration/)]);
  const [aged] = planSite([view(heads)], { ...given, age: 30 * day });
  expect(aged?.decisions[0]).toMatchObject({ backupId: 'yearly', action: 'expire' });
  expect(aged?.warnings).toEqual([]);
});

test('class compliance keeps seven years, tiered moves, growing keeps some ever further apart', () => {
  expect(told(view(row), options({ last: 1 }, {}, { compliance: true }))[0]).toBe('a keep: compliance');
  expect(told(view(row), options({ last: 1 }, {}, { strategy: 'tiered' })).slice(0, 2)).toEqual([
    'a move: none',
    'b move: none',
  ]);
  const many = Array.from({ length: 64 }, (_, at) => head(`x${String(at).padStart(2, '0')}`, at));
  const kept = told(view(many), options({ last: 1 }, {}, { strategy: 'growing' })).filter((one) =>
    one.includes('keep'),
  );
  expect(kept.length).toBeGreaterThan(6);
  expect(kept.length).toBeLessThan(20);
});
