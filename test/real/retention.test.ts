/** Retention through the command line: what no rule keeps expires, is removed after the cool-off, and what remains comes back. */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BackupHead } from '../../domain/backup';
import { parseLsn } from '../../domain/lsn';
import type { Decision } from '../../domain/retention/types';
import { points, ship, smallWal } from '../faults/protected';
import { tableSums } from '../support/proof';
import { type Receiver, startReceiver } from '../support/receiver';
import { TestSystem, type Up } from '../support/system';
import { placeFor, proveCopy } from './whole-chain';

let system: TestSystem;
let up: Up;
let receiver: Receiver;
const made: string[] = [];

beforeAll(async () => {
  receiver = await startReceiver();
  system = await TestSystem.create({
    ...smallWal,
    configure: (config) => {
      config['tiers'] = { daily: { keep: { last: 1 } } };
      config['retention'] = { coolOff: '3s', notify: ['hook'] };
      config['notifications'] = { targets: { hook: { kind: 'webhook', url: receiver.url } } };
    },
  });
  await system.cluster.psql('create table t as select g as id from generate_series(1, 1000) g');
  up = await system.up();
}, 180_000);
afterAll(async () => {
  await up?.stop();
  await system?.destroy();
  await receiver?.close();
});

async function backup(...args: string[]): Promise<string> {
  const result = await system.procedure('backup', '--tier', 'daily', ...args);
  expect(result.error).toBeUndefined();
  made.push(result.backupId as string);
  return result.backupId as string;
}

async function statuses(): Promise<Record<string, string>> {
  const heads = JSON.parse((await system.cli('list', '--json')).stdout) as BackupHead[];
  return Object.fromEntries(heads.map(({ id, status }) => [id, status]));
}

async function report(): Promise<Record<string, Decision & { why: string }>> {
  const { stdout } = await system.cli('retention', 'report', '--json');
  const [plan] = JSON.parse(stdout) as { backups: (Decision & { why: string })[] }[];
  return Object.fromEntries((plan?.backups ?? []).map((one) => [one.backupId, one]));
}

function folderOf(id: string): string {
  return path.join(system.storeDir, 'backups', id);
}

const apply = () => system.procedure('retention', 'apply');

test('with nothing in the store there is nothing to judge by', async () => {
  expect(await apply()).toMatchObject({
    exit: 2,
    error: { code: expect.stringMatching(/listing_incomplete|backup_not_found/) },
  });
});

test('each backup is explained, and nothing goes that is not told before', async () => {
  const [full, other, child] = [await backup(), await backup(), await backup('--type', 'incremental')];
  const told = await report();
  expect(told[full as string]).toMatchObject({ action: 'expire', why: 'kept by no rule' });
  expect(told[other as string]).toMatchObject({ action: 'keep', why: `built upon by ${child}` });
  expect(told[child as string]?.why).toContain('one of the newest (last); so many stay at least');
  const dry = await system.cli('retention', 'apply', '--dry-run');
  expect(dry).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(new RegExp(`^BACKUP[^\\n]*\\n${full} +hot +expire`)),
  });
  const unasked = await system.cli('retention', 'apply');
  expect(unasked).toMatchObject({ code: 2, stderr: expect.stringContaining('1 backups expire, and 0 are removed') });
  expect(Object.values(await statuses())).toEqual(['completed', 'completed', 'completed']);
});

test('it expires, is there for the cool-off, and goes when it is over; a second apply changes nothing', async () => {
  const [full = '', other = '', child = ''] = made;
  const first = await apply();
  expect(first).toMatchObject({ status: 'completed', retained: [{ store: 'hot', expired: 1, removed: 0 }] });
  expect(await statuses()).toEqual({ [full]: 'expired', [other]: 'completed', [child]: 'completed' });
  expect(existsSync(folderOf(full))).toBe(true);
  await sleep(3500);
  expect(await apply()).toMatchObject({ status: 'completed', retained: [{ expired: 0, removed: 1 }] });
  expect(await statuses()).toEqual({ [other]: 'completed', [child]: 'completed' });
  expect([existsSync(folderOf(full)), readdirSync(system.storeDir).includes('removals')]).toEqual([false, false]);
  const lines = readFileSync(path.join(system.storeDir, 'catalog', 'backups.jsonl'), 'utf8');
  expect([lines.includes(full), lines.includes(child)]).toEqual([false, true]);
  expect(await apply()).toMatchObject({ retained: [{ keep: 2, expired: 0, removed: 0 }] });
  // Of what went, and of nothing else.
  expect(receiver.documents()).toEqual([
    expect.objectContaining({
      ...{ format: 1, event: 'backups_removed', system: 'sys', site: 'dc01' },
      subject: '1 backup was removed from hot (sys dc01)',
      facts: {
        ...{
          store: 'hot',
          count: 1,
          storedBytes: expect.any(Number),
          plan: 'retention/plans/dc01.json',
          first: [full],
        },
        tiers: [{ tier: 'daily', count: 1, keeps: 'last 1', why: ['expired, and cooled off'] }],
      },
      occasion: expect.stringMatching(/^retention\/sys\/dc01\/[0-9a-f-]+\/remove from hot$/),
    }),
  ]);
}, 180_000);

test('what remains comes back', async () => {
  const sums = await tableSums(system.cluster);
  await system.covered(new Date().toISOString());
  const { to, database } = placeFor(system, 'out');
  expect((await system.procedure('restore', 'latest', '--to', to)).error).toBeUndefined();
  await proveCopy(system, database, sums);
});

test('what is pinned stays, whatever the rules say', async () => {
  const [, other = '', child = ''] = made;
  expect((await system.cli('pin', child)).code).toBe(0);
  await backup();
  expect(await apply()).toMatchObject({ retained: [{ expired: 0, keep: 3 }] });
  const told = await report();
  expect(told[child]?.why).toMatch(/^pinned by \S+/);
  expect(told[other]?.why).toBe(`built upon by ${child}`);
  expect((await system.cli('unpin', child)).code).toBe(0);
});

test('a listing that lacks what was there is not believed', async () => {
  const heads = path.join(system.storeDir, 'catalog', 'heads');
  const newest = path.join(heads, `${made.at(-1)}.json`);
  const kept = readFileSync(newest);
  rmSync(newest);
  expect(await apply()).toMatchObject({
    exit: 2,
    error: { code: 'listing_incomplete', message: 'hot lists 1 fewer backups than it should, of 3' },
  });
  writeFileSync(newest, kept);
  expect(await apply()).toMatchObject({ status: 'completed' });
});

/** Of each timeline what lies in the archive: names of segments, and of what is beside them. */
function archived(): Record<string, string[]> {
  const wal = path.join(system.storeDir, 'wal');
  const root = path.join(wal, readdirSync(wal)[0] ?? '');
  const timelines = readdirSync(root).filter((name) => /^[0-9A-F]{8}$/.test(name));
  return Object.fromEntries(
    timelines.map((one) => [one, readdirSync(path.join(root, one), { recursive: true }).map(String).sort()]),
  );
}

test('WAL that no backup is replayed with goes, of a timeline that was left with all that marks it; the oldest moment that is promised comes back', async () => {
  const { cluster } = system;
  await ship(system, 2);
  await cluster.stop();
  writeFileSync(path.join(cluster.dataDir, 'standby.signal'), '');
  await cluster.start();
  await cluster.promote();
  await ship(system, 2);
  const last = await backup();
  const sums = await tableSums(cluster);
  await cluster.psql('insert into t values (5001)');
  await ship(system, 3);
  expect(archived()['00000001']).toContain('coverage');

  expect((await apply()).error).toBeUndefined();
  await sleep(3500);
  const { warnings, error } = await apply();
  expect([warnings, error]).toEqual([[], undefined]);
  expect(await statuses()).toEqual({ [last]: 'completed' });
  const { '00000001': left = [], '00000002': lived = [] } = archived();
  expect(left).toEqual([]);
  const heads = JSON.parse((await system.cli('list', '--json')).stdout) as BackupHead[];
  const { startLsn = '0/0' } = heads[0]?.databases?.['database'] ?? {};
  const segments = lived.filter((name) => name.startsWith('segments/'));
  const first = (parseLsn(startLsn) >> 20n).toString(16).toUpperCase();
  expect(segments[0]?.endsWith(first.padStart(2, '0'))).toBe(true);
  expect(segments.length).toBeGreaterThan(3);
  expect(lived).toContain('coverage');

  const { gaps, intervals } = await points(system);
  expect([gaps, intervals.map(({ backups }) => backups)]).toEqual([[], [[last]]]);
  const [{ from: oldest = '' } = {}] = intervals;
  const { to, database } = placeFor(system, 'oldest');
  const restored = await system.procedure('restore', 'latest', '--at', oldest, '--to', to, '--component', 'database');
  expect([restored.error, restored.backupId]).toEqual([undefined, last]);
  await proveCopy(system, database, sums);
  expect((await system.cli('status')).code).toBe(0);
}, 240_000);
