/** What is told, to whom, and that it stays small whatever it speaks of. */
import { parseConfig } from '../../../domain/config/parse';
import { isToTell, proofNotice, troubleNotice } from '../../../domain/notifications/alerts';
import { moveNotices } from '../../../domain/notifications/moved';
import { firstOf, textOf } from '../../../domain/notifications/notice';
import { removalNotices } from '../../../domain/notifications/removed';

const { config } = parseConfig(
  `system: sys
sites: { dc01: { components: {} } }
stores: { hot: { kind: dir, path: /hot } }
notifications: { targets: { ops: { kind: command, argv: [a] }, dba: { kind: command, argv: [b] } } }
retention: { notify: [ops] }
tiers:
  daily: { type: full, keep: { last: 30, days: 30 } }
  yearly: { type: full, keep: { years: 7 }, notify: [dba, ops] }
`,
  '/etc/holdfast/holdfast.yaml',
);
const going = (backupId: string, tier?: string) => ({
  backupId,
  tier,
  storedBytes: 2 ** 20,
  why: 'expired, and cooled off',
});
const event = 'backups_removed' as const;
const removal = { event, system: 'sys', site: 'dc01', store: 'hot', plan: 'retention/plans/dc01.json' };

test('each target hears of the backups of the tiers that name it, and by which rule they went', () => {
  const gone = [going('a', 'daily'), going('b', 'daily'), going('c'), going('d', 'yearly')];
  const [general, ofYears, ...others] = removalNotices(config, { ...removal, gone });
  expect(others).toEqual([]);
  expect(general?.targets).toEqual(['ops']);
  expect(general?.notice).toEqual({
    ...{ event: 'backups_removed', system: 'sys', site: 'dc01' },
    subject: '3 backups were removed from hot (sys dc01)',
    lines: [
      'removed: a, b, c',
      'stored in 3.0 MiB',
      '2 of tier daily (last 30, days 30): expired, and cooled off',
      '1 of no tier: expired, and cooled off',
      'the plan: retention/plans/dc01.json in hot',
    ],
    facts: expect.objectContaining({ store: 'hot', count: 3, storedBytes: 3 * 2 ** 20, first: ['a', 'b', 'c'] }),
  });
  expect([ofYears?.targets, ofYears?.notice.facts['first']]).toEqual([['dba', 'ops'], ['d']]);
  expect(removalNotices(config, { ...removal, gone: [] })).toEqual([]);
});

test('what is archived is told as that', () => {
  const [one] = removalNotices(config, { ...removal, event: 'backups_archived', gone: [going('a')] });
  expect(one?.notice).toMatchObject({
    event: 'backups_archived',
    subject: '1 backup was archived in hot (sys dc01)',
    lines: expect.arrayContaining(['archived: a']),
  });
});

test('where nobody is named, nobody is told', () => {
  const silent = { tiers: {}, retention: { ...config.retention, notify: undefined } };
  expect(removalNotices(silent, { ...removal, gone: [going('a')] })).toEqual([]);
});

test('moves are told by where they went', () => {
  const told = { targets: ['ops'], storedBytes: 2 ** 20 };
  const ids = Array.from({ length: 7 }, (_, at) => ({ backupId: `b${at}`, where: 'archive', told }));
  const moved = [
    ...ids,
    { backupId: 'c', where: 'GLACIER_IR in warm', told },
    { backupId: 'silent', where: 'archive' },
  ];
  const [one, ...others] = moveNotices(removal, moved);
  expect(others).toEqual([]);
  expect(one).toMatchObject({
    targets: ['ops'],
    notice: {
      event: 'backups_moved',
      subject: '8 backups were moved down (sys dc01)',
      lines: ['7 to archive: b0, b1, b2, b3, b4 and 2 more', '1 to GLACIER_IR in warm: c', 'stored in 8.0 MiB'],
      facts: {
        count: 8,
        places: [
          { where: 'archive', count: 7 },
          { where: 'GLACIER_IR in warm', count: 1 },
        ],
      },
    },
  });
});

test('a notice of a hundred thousand backups and a thousand tiers is as small as one of few', () => {
  const gone = Array.from({ length: 100_000 }, (_, at) => going(`sys_full_20261122_020000_${at}`, `tier${at % 1000}`));
  const notices = removalNotices(config, { ...removal, gone });
  expect(notices.length).toBe(1);
  expect(JSON.stringify(notices).length).toBeLessThan(2500);
  expect(notices[0]?.notice.facts['count']).toBe(100_000);
  const reason = 'x'.repeat(100_000);
  const trouble = troubleNotice('failed', { system: 'sys', site: 'dc01', work: 'daily', workflowId: 'w', reason });
  expect(JSON.stringify(trouble).length).toBeLessThan(2500);
});

test('trouble is told when it begins, and again a day later', () => {
  const at = (text: string) => Date.parse(text);
  expect(isToTell(undefined, at('2026-11-22T02:00:00Z'))).toBe(true);
  expect(isToTell('2026-11-22T02:00:00Z', at('2026-11-23T01:59:59Z'))).toBe(false);
  expect(isToTell('2026-11-22T02:00:00Z', at('2026-11-23T02:00:00Z'))).toBe(true);
});

test('of proofs only what alarms is told', () => {
  const of = { system: 'sys', site: 'dc01' };
  const good = { site: 'dc01', component: 'files', state: 'proved' as const, failing: [], alarms: false };
  const newest = { level: 'full' as const, at: '2026-10-01T00:00:00Z', backupId: 'a', store: 'hot' };
  const stale = { ...good, component: 'database', state: 'stale' as const, newest, alarms: true };
  expect(proofNotice(of, [good])).toBeUndefined();
  expect(proofNotice(of, [good, stale])).toMatchObject({
    event: 'unproved',
    subject: 'backups of database are not proved (sys dc01)',
    lines: ['database: stale; proved last: 2026-10-01T00:00:00Z'],
  });
});

test('a list names the first, and how many more there are', () => {
  expect([firstOf(['a']), firstOf(['a', 'b', 'c', 'd', 'e', 'f'])]).toEqual(['a', 'a, b, c, d, e and 1 more']);
});

test('people read the subject first, and where to look last', () => {
  const notice = troubleNotice('skipped', {
    ...{
      system: 'sys',
      site: 'dc01',
      work: 'daily',
      workflowId: 'backup/sys/dc01',
      reason: 'the agent does not answer',
    },
  });
  const text = textOf({ notice, at: '2026-11-22T02:00:00.000Z', occasion: 'scheduled/x/y' });
  expect(text.split('\n')[0]).toBe('the scheduled daily of dc01 was skipped (sys)');
  expect(text).toContain('the agent does not answer');
  expect(text.trimEnd().endsWith('workflow scheduled/x/y')).toBe(true);
});
