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

function walOf(heads: BackupHead[], window = '') {
  const [plan] = planSite([view(heads)], { config: configOf(window), site: 'dc01', partial: false });
  return plan?.wal;
}

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
