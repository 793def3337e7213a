/**
 * Incremental backups by the server's own WAL summaries (PostgreSQL 17 and newer): the same generations come back, and what the WAL does not
 * tell of is not read.
 */
import { closeSync, openSync, readSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import type { BackupHead } from '../../domain/backup';
import { openRestored, tableSums } from '../support/proof';
import { TestSystem, type Up } from '../support/system';
import { generationChange } from './generations';
import { placeFor } from './whole-chain';

const binDir = process.env['HOLDFAST_TEST_PG17'];
const generations = 6;

let system: TestSystem;
let up: Up;
const made: { id: string; sums: Record<string, string> }[] = [];
let count = 0;

beforeAll(async () => {
  if (binDir === undefined) throw new Error('HOLDFAST_TEST_PG17 names no programs: node scripts/part.mjs postgres17');
  system = await TestSystem.create({ cluster: { binDir, conf: { summarize_wal: 'on' } } });
  await system.cluster.psql(`create table t (id int primary key, x text);
    insert into t select g, md5(g::text) from generate_series(1, 60000) g; vacuum t;
    create table still as select g as id, md5(g::text) as x from generate_series(1, 40000) g; vacuum still;`);
  writeFileSync(path.join(system.filesDir, 'large'), Buffer.alloc(3_000_000, 'some text\n'));
  up = await system.up();
  await generation('full');
  for (let number = 1; number < generations; number++) {
    await generationChange(system, number);
    await generation('incremental');
  }
}, 400_000);
afterAll(async () => {
  await up?.stop();
  await system?.destroy();
});

async function generation(type: string): Promise<BackupHead> {
  const backup = await system.procedure('backup', '--type', type, '--component', 'database');
  expect(backup.error).toBeUndefined();
  expect(backup.backupId).toContain(`_${type}_`);
  made.push({ id: backup.backupId as string, sums: await tableSums(system.cluster) });
  return (JSON.parse((await system.cli('list', '--json')).stdout) as BackupHead[]).at(-1) as BackupHead;
}

async function restored(id: string, ...args: string[]): Promise<string> {
  const { to, database } = placeFor(system, `out-${++count}`);
  const restore = await system.procedure('restore', id, '--to', to, ...args);
  expect(restore.error).toBeUndefined();
  return database;
}

test.each([...Array(generations).keys()])('generation %i comes back exactly', async (which) => {
  const wanted = made[which] as (typeof made)[number];
  const opened = await openRestored(system.cluster, await restored(wanted.id, '--at', 'end-of-backup'));
  try {
    expect(await opened.sums()).toEqual(wanted.sums);
  } finally {
    await opened.close();
  }
});

test('what changed without a word in the WAL is not looked at', async () => {
  const { cluster } = system;
  const file = path.join(cluster.dataDir, await cluster.psql(`select pg_relation_filepath('still')`));
  const flip = () => {
    const open = openSync(file, 'r+');
    const byte = Buffer.alloc(1);
    readSync(open, byte, 0, 1, 8192 + 4000);
    writeSync(open, Buffer.from([(byte[0] ?? 0) ^ 1]), 0, 1, 8192 + 4000);
    closeSync(open);
  };
  await generation('incremental');
  flip();
  const quiet = await generation('incremental');
  flip();
  expect(quiet.components['database']?.warnings).toEqual([]);
  // Catalogs and control files only.
  expect(quiet.bytes).toBeLessThan(1_000_000);
});
