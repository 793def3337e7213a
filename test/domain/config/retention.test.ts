import { keepRulesOf, showRules } from '../../../domain/config/keep';
import { parseConfig } from '../../../domain/config/parse';
import { retentionDaysOf } from '../../../domain/config/retention-days';
import { least } from './design-example';

const two = 'stores: { near: { kind: dir, path: /a }, far: { kind: s3, bucket: bbb } }\n';
const load = (text: string) => parseConfig(`${least}${two}${text}\n`, '/c/holdfast.yaml', {}).config;

function rulesOf(text: string, store: string) {
  const { tiers } = load(text);
  return tiers.daily && keepRulesOf(tiers.daily, store);
}

test('where a tier says nothing, 30 days near and 90 days far', () => {
  expect(rulesOf('tiers: { daily: {} }', 'near')).toEqual({ days: 30 });
  expect(rulesOf('tiers: { daily: {} }', 'far')).toEqual({ days: 90 });
});

test('what a tier says holds in every store, but for those that it names', () => {
  const tiers = 'tiers: { daily: { keep: { last: 3, years: 1, size: 1GiB, stores: { far: { monthly: 12 } } } } }';
  expect(rulesOf(tiers, 'near')).toEqual({ last: 3, years: 1, size: 2 ** 30 });
  expect(rulesOf(tiers, 'far')).toEqual({ monthly: 12 });
  expect(showRules({ last: 3, size: 2 ** 30 })).toBe('last 3, size 1.0 GiB');
  const farOnly = 'tiers: { daily: { keep: { stores: { far: { days: 200 } } } } }';
  expect([rulesOf(farOnly, 'near'), rulesOf(farOnly, 'far')]).toEqual([{ days: 30 }, { days: 200 }]);
});

test('safeguards hold without being named', () => {
  const day = 24 * 3600_000;
  const { retention, tiers } = load('tiers: { daily: {} }');
  expect(retention).toEqual({ minimum: 1, coolOff: day, listingShare: 0.1, grace: day });
  expect(tiers.daily).toMatchObject({ strategy: 'fifo', retentionClass: 'standard' });
  expect(load('retention: { wal: 3d, minimum: 2 }').retention).toMatchObject({
    minimum: 2,
    wal: 3 * day,
    coolOff: day,
  });
});

test('the days that are promised: by the store, by periods, seven years for compliance', () => {
  const tiers =
    'tiers: { daily: {}, monthly: { keep: { months: 12 } }, gfs: { keep: { weekly: 4 } }, law: { keep: { days: 2 }, retentionClass: compliance } }';
  const config = load(tiers);
  expect(retentionDaysOf(config, 'daily', 'near')).toBe(30);
  expect(retentionDaysOf(config, 'daily')).toBe(90);
  expect(retentionDaysOf(config, 'monthly')).toBe(372);
  expect(retentionDaysOf(config, 'gfs')).toBe(28);
  expect(retentionDaysOf(config, 'law')).toBe(2562);
});
