/**
 * Backups that build upon backups: generation upon generation with whatever a database and a tree of files go through, and any of them
 * comes back exactly. `HOLDFAST_TEST_GENERATIONS` makes the chain longer.
 */
import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { BackupHead } from '../../domain/backup';
import { tableSums } from '../support/proof';
import { TestSystem, type Up } from '../support/system';
import { generationChange } from './generations';
import { placeFor, proveCopy, sumsCovered, verifyPlaced } from './whole-chain';

const generations = Number(process.env['HOLDFAST_TEST_GENERATIONS'] ?? 7);

interface Generation {
  id: string;
  sums: Record<string, string>;
  files: Record<string, string>;
}

let system: TestSystem;
let up: Up;
const made: Generation[] = [];
let count = 0;
let consolidated: string;

beforeAll(
  async () => {
    system = await TestSystem.create({ configure: (config) => Object.assign(config, { maxChain: generations + 1 }) });
    await system.cluster.psql(`create table t (id int primary key, x text);
      insert into t select g, md5(g::text) from generate_series(1, 60000) g; vacuum t;`);
    writeFileSync(path.join(system.filesDir, 'large'), Buffer.alloc(3_000_000, 'some text\n'));
    up = await system.up();
    await generation('full');
    for (let number = 1; number < generations; number++) {
      await generationChange(system, number);
      await generation('incremental');
    }
  },
  120_000 + generations * 30_000,
);
afterAll(async () => {
  await up?.stop();
  await system?.destroy();
});

async function generation(type: string): Promise<void> {
  const backup = await system.procedure('backup', '--type', type);
  expect(backup.error).toBeUndefined();
  expect(backup.backupId).toContain(`_${type}_`);
  made.push({ id: backup.backupId as string, sums: await tableSums(system.cluster), files: tree(system.filesDir) });
}

/** Contents of every file below a folder. */
function tree(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
  return Object.fromEntries(
    files.map(({ parentPath, name }) => {
      const file = path.join(parentPath, name);
      return [path.relative(folder, file), readFileSync(file).toString('base64')];
    }),
  );
}

async function restored(id: string, ...args: string[]) {
  const place = placeFor(system, `out-${++count}`);
  const restore = await system.procedure('restore', id, '--to', place.to, ...args);
  return { restore, ...place };
}

async function heads(): Promise<BackupHead[]> {
  return JSON.parse((await system.cli('list', '--json')).stdout) as BackupHead[];
}

test('each stores only what changed, and names what it builds upon', async () => {
  const [full, ...others] = await heads();
  expect(others.map(({ chain }) => chain)).toEqual(
    made.slice(1).map((_, at) => made.slice(0, at + 1).map(({ id }) => id)),
  );
  const [first] = others; // a few rows, one file
  expect(first?.bytes).toBeLessThan((full?.bytes ?? 0) / 10);
  expect(first?.components['database']?.size).toBeGreaterThan((full?.bytes ?? 0) / 2);
});

test.each([0, 1, 2, 3, 4, 5, 6])('generation %i comes back exactly', async (which) => {
  // Of a long chain: the first, the last, and some between.
  const wanted = made[Math.round((which * (generations - 1)) / 6)] as Generation;
  const { restore, to, database } = await restored(wanted.id, '--at', 'end-of-backup');
  expect(restore.error).toBeUndefined();
  expect(tree(path.join(to, 'config', system.filesDir))).toEqual(wanted.files);
  await proveCopy(system, database, wanted.sums);
  rmSync(to, { recursive: true });
});

test('a copy that is only placed passes pg_verifybackup', async () => {
  const { restore, database } = await restored(made.at(-1)?.id as string, '--place-only');
  expect(restore.error).toBeUndefined();
  await verifyPlaced(system, database);
});

test('the latest state: the newest backup of the chain and the WAL after it', async () => {
  await system.cluster.psql('insert into t select g, md5(g::text) from generate_series(900001, 900500) g');
  const sums = await sumsCovered(system);
  const { restore, database } = await restored('latest', '--component', 'database');
  expect(restore.backupId).toBe(made.at(-1)?.id);
  await proveCopy(system, database, sums);
});

test('a differential one builds upon the full one alone', async () => {
  const backup = await system.procedure('backup', '--type', 'differential');
  expect(backup.error).toBeUndefined();
  const sums = await tableSums(system.cluster);
  expect((await heads()).at(-1)).toMatchObject({ type: 'differential', chain: [made[0]?.id] });
  const { restore, database } = await restored(backup.backupId as string, '--at', 'end-of-backup');
  expect(restore.error).toBeUndefined();
  await proveCopy(system, database, sums);
});

test('in place with --delta over what is mostly right', async () => {
  const sums = await sumsCovered(system);
  await system.cluster.psql(
    'delete from t where id % 7 = 0; drop table if exists stray; create table stray as select 1 as x',
  );
  const last = (await heads()).at(-1)?.id as string;
  const restore = await system.procedure(
    'restore',
    last,
    '--at',
    'end-of-backup',
    '--delta',
    '--component',
    'database',
  );
  expect(restore.error).toBeUndefined();
  expect(await tableSums(system.cluster)).toEqual(sums);
});

test('verify reads the whole chain', async () => {
  const verify = await system.procedure('verify', made.at(-1)?.id as string, '--full');
  expect(verify.error).toBeUndefined();
  const all = await heads();
  const chain = all.filter(({ id }) => made.some((one) => one.id === id));
  expect(verify.bytes).toBe(chain.reduce((sum, { bytes }) => sum + bytes, 0));
});

test('a full one is put together from the chain while the database is down, and stands by itself', async () => {
  const last = made.at(-1) as Generation;
  await system.cluster.stop();
  const whole = await system.procedure('consolidate', last.id);
  await system.cluster.start();
  expect(whole.error).toBeUndefined();
  expect(whole.backupId).toContain('_full_');
  const head = (await heads()).find(({ id }) => id === whole.backupId);
  expect(head).toMatchObject({ type: 'full', status: 'completed' });
  expect(head?.chain).toBeUndefined();
  consolidated = whole.backupId as string;
  const again = await system.procedure('consolidate', consolidated);
  expect(again).toMatchObject({ exit: 2, error: { code: 'usage' } });
});

describe('a pack of a backup in the middle is gone', () => {
  let lost: string;
  const middle = () => made[2] as Generation;

  beforeAll(() => {
    const folder = path.join(system.storeDir, 'backups', middle().id, 'packs');
    const packs = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
    const file = packs.map(({ parentPath, name }) => path.join(parentPath, name))[0] as string;
    lost = path.basename(file);
    rmSync(file);
  });

  test('verify names it, for the backup itself and for all that build upon it', async () => {
    for (const { id } of [middle(), made.at(-1) as Generation]) {
      const verify = await system.procedure('verify', id, '--quick');
      expect(verify.error).toMatchObject({ code: 'object_not_found', where: expect.stringContaining(lost) });
      expect(verify.error?.where).toContain(middle().id);
    }
  });

  test('a restore is refused before anything is touched; those before it are whole', async () => {
    const { restore } = await restored(made.at(-1)?.id as string);
    expect(restore.error).toMatchObject({ code: 'object_not_found', where: expect.stringContaining(middle().id) });
    const before = made[1] as Generation;
    const { restore: good, database } = await restored(before.id, '--at', 'end-of-backup');
    expect(good.error).toBeUndefined();
    await proveCopy(system, database, before.sums);
  });

  test('the full one that was put together before needs none of the chain', async () => {
    const last = made.at(-1) as Generation;
    const { restore, to, database } = await restored(consolidated, '--at', 'end-of-backup');
    expect(restore.error).toBeUndefined();
    expect(tree(path.join(to, 'config', system.filesDir))).toEqual(last.files);
    await proveCopy(system, database, last.sums);
    const { restore: placed, database: bare } = await restored(consolidated, '--place-only');
    expect(placed.error).toBeUndefined();
    await verifyPlaced(system, bare);
  });

  test('a manifest that is damaged breaks the chain: no backup builds upon it, and a restore says so', async () => {
    truncateSync(path.join(system.storeDir, 'backups', middle().id, 'sealed'), 100);
    const { restore } = await restored(made.at(-1)?.id as string);
    expect(restore.error).toMatchObject({ code: 'chain_broken', message: expect.stringContaining(middle().id) });
  });
});
