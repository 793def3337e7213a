/**
 * Incremental backups over the connection alone: the server sends everything and it is compared (any version), or it sends only the blocks that its
 * WAL summaries name (PostgreSQL 17 and newer). Either way every generation comes back exactly.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { BackupHead } from '../../domain/backup';
import { openRestored, tableSums } from '../support/proof';
import { overConnection } from '../support/streamed';
import { TestSystem, type Up } from '../support/system';
import { generationChange } from './generations';
import { placeFor } from './whole-chain';

const generations = 7;

const telling = process.env['HOLDFAST_TEST_PG17'];

const logged = { log_replication_commands: 'on' };

describe.each([
  { how: 'compared', cluster: { conf: logged }, restored: [3, 6], told: 0 },
  {
    how: 'told by the server',
    cluster: { binDir: telling, conf: { ...logged, summarize_wal: 'on' } },
    restored: [3, 4, 5, 6],
    told: generations - 1,
  },
])('changes that are $how', ({ cluster, restored, told }) => {
  let system: TestSystem;
  let up: Up;
  const made: { id: string; sums: Record<string, string> }[] = [];
  let count = 0;

  beforeAll(async () => {
    if (telling === undefined)
      throw new Error('HOLDFAST_TEST_PG17 names no programs: node scripts/part.mjs postgres17');
    system = await TestSystem.create({ cluster, configure: overConnection() });
    await system.cluster.psql(`create table t (id int primary key, x text);
      insert into t select g, md5(g::text) from generate_series(1, 60000) g; vacuum t;
      create table still as select g as id, md5(g::text) as x from generate_series(1, 200000) g; vacuum still;`);
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
    expect(backup.warnings).toEqual([]);
    expect(backup.backupId).toContain(`_${type}_`);
    made.push({ id: backup.backupId as string, sums: await tableSums(system.cluster) });
    return (JSON.parse((await system.cli('list', '--json')).stdout) as BackupHead[]).at(-1) as BackupHead;
  }

  test('the server was asked for what changed wherever it can tell, and only there', () => {
    const asked = readFileSync(system.cluster.logFile, 'utf8').match(/BASE_BACKUP \(.*INCREMENTAL\)/g) ?? [];
    expect(new Set(asked).size).toBe(told);
    expect(readFileSync(system.cluster.logFile, 'utf8')).not.toMatch(/ERROR: .*(manifest|summar|incremental)/i);
  });

  test.each(restored)('generation %i comes back exactly', async (which) => {
    const wanted = made[which] as (typeof made)[number];
    const { to, database } = placeFor(system, `out-${++count}`);
    const restore = await system.procedure('restore', wanted.id, '--to', to, '--at', 'end-of-backup');
    expect(restore.error).toBeUndefined();
    const opened = await openRestored(system.cluster, database);
    try {
      expect(await opened.sums()).toEqual(wanted.sums);
    } finally {
      await opened.close();
    }
  });

  test('what did not change is not stored', async () => {
    await generation('incremental');
    const quiet = await generation('incremental');
    expect(quiet.bytes).toBeLessThan(1_000_000);
    expect(quiet.components['database']?.size).toBeGreaterThan(20_000_000);
  });
});
