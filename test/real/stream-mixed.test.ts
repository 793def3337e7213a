/** One chain of backups that were read as files and backups that came over the connection: links of both kinds build upon each other. */
import { readFileSync, writeFileSync } from 'node:fs';
import { parse, stringify } from 'yaml';
import { openRestored, tableSums } from '../support/proof';
import { overConnection } from '../support/streamed';
import { TestSystem, type Up } from '../support/system';
import { placeFor } from './whole-chain';

let system: TestSystem;
let up: Up;
let asFiles: string;
const made: { id: string; bytes: number; sums: Record<string, string> }[] = [];

beforeAll(async () => {
  system = await TestSystem.create();
  asFiles = readFileSync(system.config, 'utf8');
  await system.cluster.psql(`create table t (id int primary key, x text);
    insert into t select g, md5(g::text) from generate_series(1, 60000) g; vacuum t; checkpoint`);
  up = await system.up();
});
afterAll(async () => {
  await up?.stop();
  await system?.destroy();
});

/** With another configuration from now on. */
async function read(how: 'files' | 'stream'): Promise<void> {
  await up.stop();
  const config = parse(asFiles) as Record<string, unknown>;
  if (how === 'stream') overConnection()(config);
  writeFileSync(system.config, stringify(config));
  up = await system.up();
}

async function backUp(type: string): Promise<void> {
  const backup = await system.procedure('backup', '--type', type, '--component', 'database');
  expect(backup.error).toBeUndefined();
  expect(backup.backupId).toContain(`_${type}_`);
  const { backupId, bytes = 0 } = backup;
  made.push({ id: backupId as string, bytes, sums: await tableSums(system.cluster) });
}

test('a chain goes on whichever way the next backup is read, and stores what changed only', async () => {
  await backUp('full');
  for (const [number, how] of (['stream', 'files', 'stream'] as const).entries()) {
    await system.cluster.psql(`update t set x = 'after ${number}' where id % 20000 = ${number}; checkpoint`);
    await read(how);
    await backUp('incremental');
  }
  const [full = 0, ...others] = made.map(({ bytes }) => bytes);
  for (const bytes of others) expect(bytes).toBeLessThan(full / 4);
});

test.each([1, 2, 3])('link %i of it comes back exactly', async (which) => {
  const wanted = made[which];
  const { to, database } = placeFor(system, `out-${which}`);
  const restore = await system.procedure('restore', String(wanted?.id), '--to', to, '--at', 'end-of-backup');
  expect(restore.error).toBeUndefined();
  const opened = await openRestored(system.cluster, database);
  try {
    expect(await opened.sums()).toEqual(wanted?.sums);
  } finally {
    await opened.close();
  }
});
