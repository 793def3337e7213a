/** An archive of WAL is a database system's: whoever backs that up, under whatever name and at whatever site, keeps what he needs of it. */
import type { BackupHead } from '../../../domain/backup';
import { parseConfig } from '../../../domain/config/parse';
import { planSite } from '../../../domain/retention/plan-site';
import { database, head, view } from './heads';

const component = '{ db: { kind: postgres, connection: host=h, dataDir: /d } }';
const configOf = (window: string) =>
  parseConfig(
    `system: s
sites: { dc01: { components: ${component} }, dc02: { components: ${component} } }
stores: { near: { kind: dir, path: /n } }
tiers: { daily: { keep: { last: 3 } } }
retention: {${window} }
`,
    '/holdfast.yaml',
  ).config;

function planOf(heads: BackupHead[], window = '') {
  const [plan] = planSite([view(heads)], { config: configOf(window), site: 'dc01', partial: false });
  return plan;
}
const walOf = (heads: BackupHead[], window = '') => planOf(heads, window)?.wal;

const own = [head('own', 1, database('7', 90)), head('last', 0, database('7', 95))];
const standby = head('standby', 9, { site: 'dc02', ...database('7', 20) });

test('what another site needs of the same system stays, of another system it is none of our business', () => {
  const stranger = head('stranger', 9, { site: 'dc02', ...database('8', 10) });
  expect(walOf([standby, stranger, ...own])).toEqual([
    { component: 'db', systemIdentifier: '7', windows: [{ timeline: 1, from: '0/13' }], spans: [] },
  ]);
});

test('one that expired there stays replayable until it is removed there; one that failed needs nothing', () => {
  const expired = { status: 'expired', expiredAt: standby.startedAt } as const;
  expect(walOf([{ ...standby, ...expired }, ...own])?.[0]?.windows).toEqual([{ timeline: 1, from: '0/13' }]);
  expect(walOf([{ ...standby, status: 'failed' }, ...own])?.[0]?.windows).toEqual([{ timeline: 1, from: '0/59' }]);
});

test('of the recovery window each site has a beginning of its own, and older ones what makes them consistent', () => {
  const later = head('later', 4, { site: 'dc02', ...database('7', 60) });
  expect(walOf([standby, later, ...own], ' wal: 3d')).toEqual([
    {
      ...{ component: 'db', systemIdentifier: '7', windows: [{ timeline: 1, from: '0/3B' }] },
      spans: [{ timeline: 1, from: '0/13', to: '0/14', backupId: 'standby' }],
    },
  ]);
});

test('a component that was renamed has one archive with what it was', () => {
  const { components, databases } = database('7', 20);
  const renamed = head('before', 9, { components: { old: components?.['db'] as never } });
  const before = { ...renamed, databases: { old: databases?.['db'] as never } };
  expect(walOf([before, ...own])).toEqual([
    { component: 'old, db', systemIdentifier: '7', windows: [{ timeline: 1, from: '0/13' }], spans: [] },
  ]);
});

const { components: plain } = database('7', 20);
const postgres = plain?.['db'] as never;

test.each([
  ['under another name', { components: { old: postgres } }],
  ['at another site', { site: 'dc02', components: { db: postgres } }],
  ['under another name at another site', { site: 'dc02', components: { old: postgres } }],
  ['that has expired there', { site: 'dc02', components: { old: postgres }, status: 'expired' as const }],
  ['that tells of one of its databases only', { ...database('9', 20), components: { db: postgres, old: postgres } }],
])(
  'a backup %s that does not say of which system it is may be replayed with any WAL: none goes, and that is told',
  (_, more) => {
    const plan = planOf([head('untold', 9, more), ...own]);
    expect(plan?.wal).toEqual([]);
    expect(plan?.warnings).toEqual([
      expect.stringMatching(/^untold \(dc0[12]\) cannot say which database system it is of/),
    ]);
  },
);

test('one that is being made has a lease, one that failed needs nothing: they keep no archive but that of their own name', () => {
  const creating = head('creating', 0.1, { status: 'creating', site: 'dc02', components: { old: postgres } });
  const failed = head('failed', 1, { status: 'failed', components: { db: postgres } });
  expect(planOf([creating, failed, ...own])).toMatchObject({ wal: [{ systemIdentifier: '7' }], warnings: [] });
  const here = { ...creating, site: 'dc01', components: { db: postgres } };
  expect(walOf([here, ...own])).toEqual([]);
});
