/** The worker dies while a recovery point is made: the point is completed by itself, once, and comes back exactly. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { BackupHead } from '../../domain/backup';
import { pointWorkflowId } from '../../domain/requests';
import { openRestored, tableSums } from '../support/proof';
import { killPoints, sampleOf } from './kill-points';
import { type Moment, nameOf } from './moments';
import { backupOrder, restoreOrder } from './orders';
import { type KilledRun, Rig } from './rig';

const seed = Number(process.env['HOLDFAST_TEST_SEED'] ?? 5);
/** `HOLDFAST_TEST_MOMENTS=all`: every one. */
const many = process.env['HOLDFAST_TEST_MOMENTS'] === 'all' ? Number.POSITIVE_INFINITY : 1;
/** Where a point is another than a backup. */
const own = ['markDatabases', 'awaitMarks', 'sealBackup', 'expirePoints'];
const kept = 2;

const order = {
  type: 'recoveryPoint' as const,
  workflowId: pointWorkflowId('sys', 'dc01', 'continuous'),
  request: { site: 'dc01', tier: 'continuous', upload: true, timeout: 240_000 },
  summary: 'recovery point under faults',
};

let rig: Rig;
let changes = 0;

beforeAll(async () => {
  const configure = (config: Record<string, unknown>) => {
    config['tiers'] = { continuous: { type: 'point', every: '5m', keep: { last: kept } } };
  };
  rig = await Rig.create({ configure }, ({ cluster }) => cluster.psql('create table t (id int)').then(() => undefined));
  expect((await rig.run(backupOrder())).result.status).toBe('completed');
}, 120_000);
afterAll(() => rig?.destroy());

async function point(moment?: Moment): Promise<KilledRun> {
  changes++;
  await rig.system.cluster.psql(`insert into t select generate_series(1, ${changes})`);
  writeFileSync(path.join(rig.system.filesDir, 'counter'), String(changes));
  return await rig.run(order, moment);
}

async function points(): Promise<BackupHead[]> {
  const heads = JSON.parse((await rig.system.cli('list', '--json')).stdout) as BackupHead[];
  return heads.filter(({ marks }) => marks !== undefined);
}

test('whatever moment it is, the point is there once, and the row is as long as it should be', async () => {
  await point();
  const calm = await point();
  const moments = killPoints(calm.notes, 'point/');
  expect(moments.map(({ activity }) => activity)).toEqual(expect.arrayContaining(own));
  const chosen = new Set(
    own.flatMap((activity) =>
      sampleOf(
        moments.filter((one) => one.activity === activity),
        many,
        seed,
      ),
    ),
  );
  const faults: string[] = [];
  for (const moment of chosen) {
    const { result } = await point(moment);
    const row = await points();
    const completed = row.filter(({ status }) => status === 'completed');
    const others = row.filter(({ status }) => status !== 'completed' && status !== 'expired');
    if (result.status !== 'completed' || completed.at(-1)?.id !== result.backupId)
      faults.push(`${nameOf(moment)}: ${JSON.stringify(result)}`);
    if (completed.length !== kept || others.length > 0)
      faults.push(`${nameOf(moment)}: ${JSON.stringify(row.map(({ id, status }) => [id, status]))}`);
  }
  expect(faults).toEqual([]);
  expect((await points()).length).toBe(2 + chosen.size);
}, 900_000);

test('the last one comes back exactly', async () => {
  const sums = await tableSums(rig.system.cluster);
  await rig.system.cluster.psql('insert into t values (-1)');
  const to = path.join(rig.system.dir, 'out');
  const { result } = await rig.run(restoreOrder((await points()).at(-1)?.id as string, { to }));
  expect(result.error).toBeUndefined();
  const opened = await openRestored(rig.system.cluster, path.join(to, 'database'));
  expect(await opened.sums()).toEqual(sums);
  await opened.close();
  const files = path.join(to, 'config', rig.system.filesDir);
  expect(readdirSync(files).sort()).toEqual(['app.conf', 'counter']);
  expect(readFileSync(path.join(files, 'counter'), 'utf8')).toBe(String(changes));
});
