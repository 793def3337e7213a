import type { BackupHead } from '../../domain/backup';
import type { Config } from '../../domain/config/types';
import { dueClassMoves } from '../../domain/moves';

const day = 86_400_000;
const now = Date.parse('2026-11-22T00:00:00.000Z');

const tier = {
  type: 'full',
  to: ['far'],
  keep: { stores: {} },
  strategy: 'fifo',
  retentionClass: 'standard',
  verify: 'quick',
} as const;
const tiers = {
  t: {
    ...tier,
    to: ['far'],
    move: [
      { after: 30 * day, class: 'GLACIER_IR' },
      { after: 90 * day, class: 'DEEP_ARCHIVE' },
    ],
  },
} as Config['tiers'];

function head(id: string, ageDays: number, more: Partial<BackupHead> = {}): BackupHead {
  const startedAt = new Date(now - ageDays * day).toISOString();
  return {
    ...{ id, system: 'sys', site: 'dc01', tier: 't', type: 'full', status: 'completed', startedAt, endedAt: startedAt },
    ...{ components: { database: {} }, bytes: 1, storedBytes: 1, stores: ['far'], location: '' },
    ...more,
  } as BackupHead;
}

const retention = { minimum: 1, coolOff: day, listingShare: 0.1, grace: day };
const far = { kind: 's3', bucket: 'b', region: 'r', thaw: { tier: 'Bulk', days: 7, wait: day } } as const;

const movesIn = (config: Pick<Config, 'tiers' | 'stores' | 'retention'>, ...heads: BackupHead[]) =>
  dueClassMoves(config, { site: 'dc01', store: 'far', heads, now }).map((one) => `${one.backupId} ${one.class}`);
const moves = (...heads: BackupHead[]) => movesIn({ tiers, stores: { far }, retention }, ...heads);

test('by age into the class that has come last, the oldest first, and once', () => {
  expect(
    moves(head('new', 1), head('month', 31), head('quarter', 91), head('there', 40, { storageClass: 'GLACIER_IR' })),
  ).toEqual(['quarter DEEP_ARCHIVE', 'month GLACIER_IR']);
});

test('what is locked stays until its lock ends, and so does what a locked one builds upon', () => {
  const lock = (days: number) => ({
    lock: { mode: 'compliance' as const, until: new Date(now + days * day).toISOString() },
  });
  expect(moves(head('locked', 91, lock(1)), head('free', 91, lock(-1)), head('new', 1))).toEqual(['free DEEP_ARCHIVE']);
  expect(moves(head('full', 40), head('upon', 39, { chain: ['full'], ...lock(1) }), head('new', 1))).toEqual([]);
});

test('into an archive a chain goes as a whole, and the newest backup never', () => {
  expect(moves(head('only', 100))).toEqual([]);
  const files = { components: { config: {} } } as unknown as Partial<BackupHead>;
  expect(moves(head('files', 100, files), head('new', 1))).toEqual([]);
  expect(moves(head('full', 100), head('late', 80, { chain: ['full'] }), head('new', 1))).toEqual(['late GLACIER_IR']);
  expect(moves(head('full', 100), head('late', 95, { chain: ['full'] }), head('new', 1))).toEqual([
    'full DEEP_ARCHIVE',
    'late DEEP_ARCHIVE',
  ]);
});

const archived = { archived: { at: new Date(now - day).toISOString() } };

test('what is archived goes into the coldest class that is named for it, whatever its age; chains and locks hold for it too', () => {
  expect(moves(head('held', 2, archived), head('new', 1))).toEqual(['held DEEP_ARCHIVE']);
  expect(moves(head('held', 31, { ...archived, storageClass: 'DEEP_ARCHIVE' }), head('new', 1))).toEqual([]);
  expect(moves(head('only', 2, archived))).toEqual([]);
  expect(moves(head('held', 3, archived), head('upon', 2, { chain: ['held'] }), head('new', 1))).toEqual([]);
  const until = new Date(now + day).toISOString();
  const locked = head('held', 2, { ...archived, lock: { mode: 'compliance', until } });
  expect(moves(locked, head('new', 1))).toEqual([]);
});

test('where no tier names a class, that of the system counts, and none where it says nothing; a colder store stays as it is', () => {
  const plain = head('held', 2, { ...archived, tier: 'u' });
  const config = { tiers: {}, stores: { far }, retention: { ...retention, archive: 'GLACIER' as const } };
  expect(movesIn(config, plain, head('new', 1))).toEqual(['held GLACIER']);
  expect(movesIn({ ...config, retention }, plain, head('new', 1))).toEqual([]);
  const deep = { ...far, storageClass: 'DEEP_ARCHIVE' as const };
  expect(movesIn({ ...config, stores: { far: deep } }, plain, head('new', 1))).toEqual([]);
  expect(movesIn({ ...config, stores: { far: { kind: 'dir', path: '/f' } } }, plain, head('new', 1))).toEqual([]);
});

test('what is frozen is not asked into another class, which no copy can bring it to; nor is frozen what goes on to another store', () => {
  expect(moves(head('wanted again', 31, { storageClass: 'DEEP_ARCHIVE' }), head('new', 1))).toEqual([]);
  expect(moves(head('deeper', 91, { storageClass: 'GLACIER' }), head('new', 1))).toEqual([]);
  const move = [
    { after: 30 * day, class: 'GLACIER_IR' },
    { after: 90 * day, store: 'deep' },
  ] as const;
  const onward = { ...tier, to: ['far'], move: [...move] } as unknown as Config['tiers'][string];
  const config = {
    tiers: { t: onward },
    stores: { far },
    retention: { ...retention, archive: 'DEEP_ARCHIVE' as const },
  };
  expect(movesIn(config, head('held', 2, archived), head('new', 1))).toEqual(['held GLACIER_IR']);
  expect(movesIn(config, head('there', 2, { ...archived, storageClass: 'GLACIER_IR' }), head('new', 1))).toEqual([]);
});

test('other sites, tiers without moves and unfinished backups stay', () => {
  expect(
    moves(
      head('other', 100, { site: 'dc02' }),
      head('plain', 100, { tier: 'u' }),
      head('half', 100, { status: 'failed' }),
    ),
  ).toEqual([]);
});

test('what was cut off on its way into an archive arrives there, whatever the rules say by now', () => {
  const halfway = { movingTo: 'DEEP_ARCHIVE' };
  expect(moves(head('halfway', 31, halfway), head('new', 1))).toEqual(['halfway DEEP_ARCHIVE']);
  // Also the newest, and what something builds upon that is not frozen.
  expect(moves(head('halfway', 10, halfway))).toEqual(['halfway DEEP_ARCHIVE']);
  expect(moves(head('full', 10, halfway), head('upon', 9, { chain: ['full'] }))).toEqual(['full DEEP_ARCHIVE']);
  const lock = { mode: 'compliance' as const, until: new Date(now + day).toISOString() };
  expect(moves(head('halfway', 91, { ...halfway, lock }), head('new', 1))).toEqual([]);
});
