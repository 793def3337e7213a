import { parseConfig } from '../../domain/config/parse';
import { isLocked, lockedUntil, lockWish, strictestLock } from '../../domain/locks';
import { thawPlan } from '../../domain/storage';
import { least } from './config/design-example';

const locked = (id: string, until?: string, chain?: string[]) => ({
  ...{ id, chain },
  ...(until && { lock: { mode: 'compliance' as const, until } }),
});

test('a backup is locked as long as whatever builds upon it', () => {
  const full = locked('full', '2027-01-01T00:00:00.000Z');
  const heads = [
    full,
    locked('early', '2026-06-01T00:00:00.000Z', ['full']),
    locked('late', '2027-03-01T00:00:00.000Z', ['full', 'early']),
    locked('unlocked', undefined, ['full']),
    locked('other', '2030-01-01T00:00:00.000Z', ['another']),
  ];
  expect(lockedUntil(full, heads)).toBe('2027-03-01T00:00:00.000Z');
  expect(lockedUntil(locked('none'), heads)).toBeUndefined();
  expect(lockedUntil(locked('full'), heads)).toBe('2027-03-01T00:00:00.000Z');
  const at = (time: string) => isLocked(full, heads, Date.parse(time));
  expect(at('2027-02-28T00:00:00.000Z')).toBe(true);
  expect(at('2027-03-01T00:00:00.001Z')).toBe(false);
});

test('a tier locks in its stores, and an archive for a year in any case', () => {
  const { config } = parseConfig(
    `${least}stores:
  near: { kind: s3, bucket: near }
  far: { kind: s3, bucket: far-away, level: archive }
  tape: { kind: dir, path: /tape, level: archive }
tiers:
  monthly: { to: [near, tape], immutable: true, keep: { months: 12 } }
  daily: { to: [near, far] }
`,
    '/c/holdfast.yaml',
    {},
  );
  const day = 86_400_000;
  expect(lockWish(config, 'monthly', 'near')).toEqual({ mode: 'compliance', for: 372 * day, provisional: day });
  expect(lockWish(config, 'monthly', 'tape')).toBeUndefined();
  expect(lockWish(config, 'daily', 'near')).toBeUndefined();
  expect(lockWish(config, 'daily', 'far')).toEqual({ mode: 'compliance', for: 365 * day, provisional: day });
  expect(lockWish(config, undefined, 'near')).toBeUndefined();
});

test('what doctor is to prove of a store is what any tier locks there, also of copies and of what moves there', () => {
  const buckets = ['near', 'copied', 'moved', 'free'].map((name) => `  ${name}: { kind: s3, bucket: a-${name} }\n`);
  const { config } = parseConfig(
    `${least}stores:
${buckets.join('')}tiers:
  monthly: { to: [near], immutable: true, copies: { to: [copied] }, move: [{ after: 30d, store: moved }] }
  weekly: { to: [copied], immutable: { mode: governance } }
  daily: { to: [free] }
`,
    '/c/holdfast.yaml',
    {},
  );
  const modes = ['near', 'copied', 'moved', 'free'].map((store) => strictestLock(config, store));
  expect(modes).toEqual(['compliance', 'compliance', 'compliance', undefined]);
});

test('what a deep archive cannot do is not asked of it', () => {
  expect(thawPlan('DEEP_ARCHIVE', 'Expedited')).toEqual({ tier: 'Standard', ms: 12 * 3_600_000 });
  expect(thawPlan('GLACIER', 'Expedited')).toEqual({ tier: 'Expedited', ms: 300_000 });
});
