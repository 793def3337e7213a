import { parseConfig } from '../../../domain/config/parse';

const config = (wal: string, tier: string) =>
  parseConfig(
    `system: shop
sites: { dc01: { components: { db: { kind: postgres, connection: "host=/run", dataDir: /data${wal} }, etc: { kind: files, paths: [/etc] } } } }
stores: { hot: { kind: dir, path: /hot }, warm: { kind: dir, path: /warm } }
tiers: { daily: { schedule: "0 2 * * *", to: [hot, warm], keep: { last: 3 }${tier} } }
encryption: { keyFile: /key }
`,
    '/etc/holdfast.yaml',
    {},
  ).warnings;

test('a store that gets backups of a database and not its WAL is named', () => {
  expect(config(', wal: { to: [hot] }', '')).toEqual([
    'tier daily stores db of dc01 in warm, and its WAL goes only to hot: from warm alone it cannot be restored',
  ]);
});

test.each([
  ['WAL goes to every store by default', '', ''],
  ['the tier stores no database', ', wal: { to: [hot] }', ', components: [etc]'],
])('nothing is said where %s', (_, wal, tier) => {
  expect(config(wal, tier)).toEqual([]);
});
