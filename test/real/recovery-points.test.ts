/**
 * The continuous tier: recovery points across a database and files, made by the engine every few seconds, each of which comes back as one;
 * the newest are kept, and one that cannot be made in time is given up and told.
 */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { NamedPoint } from '../../client/catalog/recovery-points';
import type { BackupHead } from '../../domain/backup';
import { points, status } from '../faults/protected';
import { tableSums } from '../support/proof';
import { TestSystem, type Up } from '../support/system';
import { placeFor, proveCopy } from './whole-chain';

interface Made {
  id: string;
  at: string;
  sums: Record<string, string>;
  files: Record<string, string>;
}

let system: TestSystem;
let up: Up;
let full: string;
const made: Made[] = [];

beforeAll(async () => {
  system = await TestSystem.create({
    configure: (config) => {
      config['tiers'] = {
        continuous: { type: 'point', every: '5m', timeout: '1m', keep: { last: 3 } },
        quick: { type: 'point', every: '10s', timeout: '10s', components: ['config', 'database'] },
      };
    },
  });
  await system.cluster.psql(`create table t (id int primary key, x text);
    insert into t select g, md5(g::text) from generate_series(1, 20000) g`);
  writeFileSync(path.join(system.filesDir, 'large'), Buffer.alloc(3_000_000, 'some text\n'));
  up = await system.up();
}, 180_000);
afterAll(async () => {
  await up?.stop();
  await system?.destroy();
});

function files(folder: string): Record<string, string> {
  const names = readdirSync(folder).sort();
  return Object.fromEntries(names.map((name) => [name, readFileSync(path.join(folder, name)).toString('base64')]));
}

async function heads(): Promise<BackupHead[]> {
  return JSON.parse((await system.cli('list', '--json')).stdout) as BackupHead[];
}

async function change(number: number): Promise<void> {
  await system.cluster.psql(
    `update t set x = md5(x) where id % 50 = ${number}; insert into t values (${-number}, 'new')`,
  );
  writeFileSync(path.join(system.filesDir, `file-${number}`), `of point ${number}`);
  if (number > 1) rmSync(path.join(system.filesDir, `file-${number - 1}`), { force: true });
}

async function point(number: number): Promise<Made> {
  await change(number);
  const result = await system.procedure('backup', '--tier', 'continuous');
  expect(result.error).toBeUndefined();
  const one = {
    id: result.backupId as string,
    at: new Date().toISOString(),
    sums: await tableSums(system.cluster),
    files: files(system.filesDir),
  };
  made.push(one);
  return one;
}

test('without a backup to begin from there is no recovery point', async () => {
  const refused = await system.procedure('backup', '--tier', 'continuous');
  expect(refused).toMatchObject({
    exit: 2,
    error: { code: 'backup_not_found', hints: [expect.stringContaining('holdfast backup')] },
  });
  expect(await heads()).toEqual([]);
  const typed = await system.procedure('backup', '--tier', 'continuous', '--type', 'full');
  expect(typed).toMatchObject({ exit: 2, error: { code: 'usage' } });
});

test('each stores what changed of files, marks the database, and builds upon the one before', async () => {
  const backup = await system.procedure('backup');
  expect(backup.error).toBeUndefined();
  full = backup.backupId as string;
  for (let number = 1; number <= 5; number++) await point(number);
  const [whole, ...row] = await heads();
  expect(whole?.id).toBe(full);
  expect(row.map(({ status: is }) => is)).toEqual(['expired', 'expired', 'completed', 'completed', 'completed']);
  expect(row.map(({ chain }) => chain)).toEqual(made.map((_, at) => [full, ...made.slice(0, at).map(({ id }) => id)]));
  for (const { bytes, marks, tier, components, checksum, location } of row) {
    expect(bytes).toBeLessThan(1000);
    expect(Object.keys(components)).toEqual(['config']);
    expect(marks?.['database']).toMatchObject({ timeline: 1, name: expect.stringMatching(/^holdfast_\d{8}T\d{6}_/) });
    expect({ tier, checksum, location }).toEqual({
      tier: 'continuous',
      checksum: expect.stringMatching(/^[0-9a-f]{64}$/),
      location: expect.stringContaining(system.storeDir),
    });
  }
});

test('the newest are offered, and the catalog made anew knows them', async () => {
  rmSync(path.join(system.storeDir, 'catalog', 'heads', `${made[4]?.id}.json`));
  expect((await system.cli('catalog', 'rebuild')).code).toBe(0);
  const named = (await points(system)).named as NamedPoint[];
  expect(named.map(({ backupId }) => backupId)).toEqual(made.slice(2).map(({ id }) => id));
  expect((await system.cli('points')).stdout).toContain(`3 recovery points since ${named[0]?.at}`);
});

test('one comes back as one: every row and every file as they were', async () => {
  const wanted = made[3] as Made;
  const { to, database } = placeFor(system, 'out-point');
  const restore = await system.procedure('restore', wanted.id, '--to', to);
  expect(restore.error).toBeUndefined();
  expect(files(path.join(to, 'config', system.filesDir))).toEqual(wanted.files);
  await proveCopy(system, database, wanted.sums);
  const verify = await system.procedure('verify', wanted.id, '--full');
  expect(verify.error).toBeUndefined();
});

test('to a time between two points, files are of the point before it', async () => {
  const wanted = made[3] as Made;
  const { to, database } = placeFor(system, 'out-time');
  const restore = await system.procedure('restore', 'latest', '--at', wanted.at, '--to', to);
  expect(restore.error).toBeUndefined();
  expect(restore.backupId).toBe(full);
  expect(restore.restored).toMatchObject([{ component: 'database' }, { component: 'config', backupId: wanted.id }]);
  expect(files(path.join(to, 'config', system.filesDir))).toEqual(wanted.files);
  await proveCopy(system, database, wanted.sums);
});

test('in place, a point before the newest; what was made after it counts no more', async () => {
  const wanted = made[3] as Made;
  await change(6);
  const restore = await system.procedure('restore', wanted.id);
  expect(restore.error).toBeUndefined();
  expect(files(system.filesDir)).toEqual(wanted.files);
  expect(await tableSums(system.cluster)).toEqual(wanted.sums);
  await system.covered(new Date().toISOString());
  const { to } = placeFor(system, 'out-latest');
  const latest = await system.procedure('restore', 'latest', '--to', to);
  expect(latest.error).toBeUndefined();
  expect(latest.restored).toMatchObject([{ component: 'database' }, { component: 'config', backupId: wanted.id }]);
  expect(files(path.join(to, 'config', system.filesDir))).toEqual(wanted.files);
});

test('what is no target is refused with its reason', async () => {
  const to = path.join(system.dir, 'out-refused');
  const expired = await system.procedure('restore', made[0]?.id as string, '--to', to);
  expect(expired).toMatchObject({
    exit: 2,
    error: { code: 'backup_unusable', message: expect.stringContaining('expired') },
  });
  const at = await system.procedure('restore', made[4]?.id as string, '--at', made[4]?.at as string, '--to', to);
  expect(at).toMatchObject({
    exit: 2,
    error: { code: 'usage', message: expect.stringContaining('is a recovery point') },
  });
});

test('what expired a day ago goes when nothing builds upon it', async () => {
  expect((await system.procedure('backup')).error).toBeUndefined();
  const old = made.map(({ id }) => id);
  for (let number = 7; number <= 9; number++) await point(number);
  const agesAgo = (id: string) => {
    const file = path.join(system.storeDir, 'catalog', 'heads', `${id}.json`);
    const head = JSON.parse(readFileSync(file, 'utf8')) as BackupHead;
    expect(head.status).toBe('expired');
    writeFileSync(file, JSON.stringify({ ...head, expiredAt: '2026-01-01T00:00:00Z' }));
  };
  // The last of the old row keeps what it builds upon until it is that old itself.
  old.slice(0, -1).forEach(agesAgo);
  await point(10);
  const ids = async () => (await heads()).map(({ id }) => id);
  expect(await ids()).toEqual(expect.arrayContaining(old));
  agesAgo(old.at(-1) as string);
  await point(11);
  const left = await ids();
  for (const id of old) {
    expect(left).not.toContain(id);
    expect(existsSync(path.join(system.storeDir, 'backups', id))).toBe(false);
  }
  expect((await system.procedure('verify', made.at(-1)?.id as string, '--full')).error).toBeUndefined();
});

test('the engine makes them by itself, and says when none can be made', async () => {
  const apply = await system.cli('schedules', 'apply');
  expect(apply.code).toBe(0);
  expect((await system.cli('schedules', 'list')).stdout).toMatch(/quick\s+every 10s/);
  const quick = async () => (await heads()).filter(({ tier }) => tier === 'quick');
  const completed = await system.until(
    async () => (await quick()).find(({ status: is }) => is === 'completed'),
    60_000,
  );
  expect(completed.marks).toHaveProperty('database');
  // The restore in place has started it anew.
  const pid = Number(readFileSync(path.join(system.cluster.dataDir, 'postmaster.pid'), 'utf8').split('\n')[0]);
  process.kill(pid, 'SIGSTOP');
  try {
    await system.until(async () => {
      const { problems } = await status(system);
      return problems.find((one) =>
        /the newest recovery point of the tier quick \(dc01\) is .* old: one is due every 10s/.test(one),
      );
    }, 90_000);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  await system.until(async () => {
    const { problems, warnings } = await status(system);
    return [...problems, ...warnings].some((one) => one.includes('tier quick')) ? undefined : true;
  }, 90_000);
}, 300_000);
