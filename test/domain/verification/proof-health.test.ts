import type { Proof } from '../../../domain/backup';
import { type HeldCopy, proofHealth } from '../../../domain/verification/proof-health';

const day = 24 * 3600_000;
const now = Date.parse('2026-02-01T00:00:00Z');
const ago = (days: number) => new Date(now - days * day).toISOString();
const policy = { level: 'full', stale: 7 * day } as const;
const proof = (level: Proof['level'], days: number, outcome: Proof['outcome'] = 'passed'): Proof => ({
  ...{ level, at: ago(days), seconds: 1, outcome },
});
const database = {
  kind: 'postgres',
  runs: 1,
  packs: 1,
  files: 1,
  bytes: 1,
  storedBytes: 1,
  warnings: [] as string[],
} as const;
const copy = (store: string, madeDaysAgo: number, ...proofs: Proof[]): HeldCopy => ({
  store,
  head: {
    ...{ id: `b${madeDaysAgo}`, site: 'dc01', status: 'completed', startedAt: ago(madeDaysAgo), proofs },
    components: { database },
  },
});
const health = (...copies: HeldCopy[]) => proofHealth(policy, [{ site: 'dc01', name: 'database' }], copies, now)[0];

test.each([
  ['no backup: nothing to prove', [], undefined],
  ['never proved, and young', [copy('hot', 1)], { state: 'never', alarms: false }],
  ['never proved for too long', [copy('hot', 8), copy('hot', 1)], { state: 'never', alarms: true }],
  ['proved by less than is wanted', [copy('hot', 8, proof('quick', 1))], { state: 'never', alarms: true }],
  ['proved', [copy('hot', 8, proof('full', 6))], { state: 'proved', alarms: false }],
  ['proved by more than is wanted', [copy('hot', 8, proof('test-restore', 1))], { state: 'proved', alarms: false }],
  ['with warnings it is a proof', [copy('hot', 8, proof('full', 1, 'warning'))], { state: 'proved', alarms: false }],
  ['stale', [copy('hot', 30, proof('full', 8))], { state: 'stale', alarms: true }],
  [
    'one of two copies fails',
    [copy('hot', 2, proof('full', 1)), copy('cold', 2, proof('quick', 1, 'failed'))],
    { state: 'failing', alarms: true },
  ],
  [
    'found right since',
    [copy('hot', 3, proof('quick', 2, 'failed'), proof('full', 1))],
    { state: 'proved', alarms: false },
  ],
  [
    'less thorough is no answer',
    [copy('hot', 3, proof('full', 2, 'failed'), proof('quick', 1))],
    { state: 'failing', alarms: true },
  ],
] as const)('%s', (_name, copies, expected) => {
  if (expected === undefined) expect(health()).toBeUndefined();
  else expect(health(...copies)).toMatchObject(expected);
});

test('what publication shows of a backup alone counts with what was shown of its chain, in the same store', () => {
  const alone = (days: number): Proof => ({ ...proof('full', days), alone: true });
  const built = (store: string, days: number, ...proofs: Proof[]): HeldCopy => {
    const { head } = copy(store, days, ...proofs);
    return { store, head: { ...head, chain: ['b9'] } };
  };
  expect(health(copy('hot', 9), built('hot', 1, alone(1)))).toMatchObject({ state: 'never', alarms: true });
  expect(health(copy('far', 9, proof('full', 2)), built('hot', 1, alone(1)))).toMatchObject({
    newest: { store: 'far' },
  });
  expect(health(copy('hot', 9, proof('full', 8)), built('hot', 1, alone(1)))).toMatchObject({ state: 'stale' });
  expect(health(copy('hot', 9, proof('quick', 1)), built('hot', 1, alone(1)))).toMatchObject({ state: 'never' });
  expect(health(copy('hot', 9), built('hot', 1, proof('full', 1)))).toMatchObject({ state: 'proved' });
  // A chain of its own: what is between is looked at too.
  expect(health(copy('hot', 9, proof('full', 2)), built('hot', 3, alone(3), proof('test-restore', 1)))).toMatchObject({
    state: 'proved',
    newest: { level: 'test-restore' },
  });
});

test('the newest proof is told with its copy, and each failing copy by its store', () => {
  const found = health(
    copy('hot', 9, proof('full', 3)),
    copy('cold', 5, proof('full', 2)),
    copy('far', 5, proof('full', 1, 'failed')),
  );
  expect(found).toMatchObject({
    newest: { backupId: 'b5', store: 'cold' },
    failing: [{ backupId: 'b5', store: 'far' }],
  });
});
