import { tiersOf, tiersTable } from '../../../client/output/tiers';
import { parseConfig } from '../../../domain/config/parse';
import { head, now } from '../../domain/retention/heads';

const { config } = parseConfig(
  `system: s
sites: { dc01: { components: { files: { kind: files, paths: [/f] } } } }
stores: { near: { kind: dir, path: /n } }
tiers: { daily: { keep: { days: 30 } }, weekly: { keep: { weeks: 4 } } }
`,
  '/holdfast.yaml',
  {},
);

test('of what is kept it is said how much is archived, and where nothing is nothing is said', () => {
  const archived = { archived: { at: '2026-05-01T00:00:00Z' } };
  const heads = [
    head('held', 40, archived),
    head('gone', 39, { ...archived, status: 'expired' }),
    head('new', 1),
    head('week', 2, { tier: 'weekly' }),
  ];
  const tiers = tiersOf(config, 'dc01', heads, now);
  expect(tiers).toMatchObject([
    { tier: 'daily', kept: 2, archived: 1 },
    { tier: 'weekly', kept: 1 },
  ]);
  expect(tiers[1]).not.toHaveProperty('archived');
  const [, table = ''] = tiersTable(tiers);
  expect(table).toMatch(/daily .* 2 \(1 archived\)\n/);
});

test('what was made for a tier that is configured no more is counted, and promised no more', () => {
  const tiers = tiersOf(config, 'dc01', [head('old', 3, { tier: 'nightly' }), head('new', 1)], now);
  expect(tiers.map(({ tier, kept }) => ({ tier, kept }))).toEqual([
    { tier: 'daily', kept: 1 },
    { tier: 'weekly', kept: 0 },
    { tier: 'nightly', kept: 1 },
  ]);
  expect(tiers[2]).not.toHaveProperty('promisedSeconds');
});
