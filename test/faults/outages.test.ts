/** What a backup and a restore depend on dies under them, and comes back: PostgreSQL, the S3 server, the Temporal server, the worker. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openRestored, tableSums } from '../support/proof';
import { prepareLoad, startLoad } from './load';
import type { Moment } from './moments';
import { backupOrder, restoreOrder } from './orders';
import { type KilledRun, Rig } from './rig';

const scale = 1;
const outageSeconds = Number(process.env['HOLDFAST_TEST_OUTAGE_SECONDS'] ?? 10);
const storing: Moment = { when: 'before', activity: 'storeRun', nth: 1 };
const placing: Moment = { when: 'before', activity: 'placeRun', nth: 1 };

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.create({ store: 's3' }, ({ cluster }) => prepareLoad(cluster, scale));
}, 120_000);
afterAll(async () => {
  await rig?.destroy();
});

function completed({ result }: KilledRun): string {
  expect({ status: result.status, error: result.error }).toEqual({ status: 'completed', error: undefined });
  return result.backupId as string;
}

/** Restored elsewhere (by this very run when there is one) it equals the database, which nobody changes meanwhile. */
async function proveRestored(id: string, restore = (to: string) => rig.run(restoreOrder(id, { to }))): Promise<void> {
  const { cluster, dir } = rig.system;
  const now = await cluster.psql(
    `select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`,
  );
  await rig.system.covered(now, 60_000);
  const to = path.join(dir, `out-${Math.random().toString(36).slice(2)}`);
  completed(await restore(to));
  const opened = await openRestored(cluster, path.join(to, 'database'));
  expect(await opened.sums()).toEqual(await tableSums(cluster));
  await opened.close();
}

async function killTemporal(): Promise<void> {
  const { pid } = JSON.parse(readFileSync(path.join(rig.system.stateDir, 'server.json'), 'utf8')) as { pid: number };
  process.kill(pid, 'SIGKILL');
}

async function withoutS3(seconds: number): Promise<void> {
  await rig.system.s3?.kill();
  void sleep(seconds * 1000).then(() => rig.system.s3?.restart());
}

test('PostgreSQL killed while it is backed up: it is started again, and the backup completes under a new session', async () => {
  const { cluster } = rig.system;
  const load = startLoad(cluster, scale);
  const run = await rig.runHeld(backupOrder(), storing, async () => {
    await cluster.kill9();
    await sleep(500);
    await cluster.start();
  });
  const id = completed(run);
  expect(run.result.warnings).toContainEqual(expect.stringContaining('session of database was lost'));
  await load.stop();
  await proveRestored(id);
}, 180_000);

test(`the S3 server gone for ${outageSeconds} seconds under a backup, and under a restore`, async () => {
  let told = '';
  const run = await rig.runHeld(backupOrder(), storing, async () => {
    const watching = rig.system.spawn(['watch', 'backup']);
    watching.stderr?.on('data', (data: Buffer) => {
      told += String(data);
    });
    await withoutS3(outageSeconds);
  });
  const id = completed(run);
  expect(run.result.seconds).toBeGreaterThan(outageSeconds - 1);
  expect(told).toMatch(/ is tried again: the store answered /);
  await proveRestored(id, (to) => rig.runHeld(restoreOrder(id, { to }), placing, () => withoutS3(outageSeconds)));
}, 240_000);

test('the Temporal server killed under a backup, and under a restore: it is started again by who runs the engine', async () => {
  const id = completed(await rig.runHeld(backupOrder(), storing, killTemporal));
  await proveRestored(id, (to) => rig.runHeld(restoreOrder(id, { to }), placing, killTemporal));
}, 240_000);

test('the process of `up` killed for good: a command that waits does the rest itself', async () => {
  expect(await rig.command(['backup'], storing)).toMatchObject({ status: 'completed' });
}, 120_000);

test('the shipper killed under load, twice: no second of it is missing', async () => {
  const { cluster } = rig.system;
  const load = startLoad(cluster, scale, 5);
  for (let kills = 0; kills < 2; kills++) {
    await sleep(2000);
    rig.up.kill9();
    await rig.up.working();
  }
  await sleep(1000);
  await load.stop();
  const now = await cluster.psql(
    `select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`,
  );
  await rig.system.covered(now, 60_000);
  const points = JSON.parse((await rig.system.cli('points', '--json')).stdout) as {
    kind: string;
    intervals: object[];
    gaps: object[];
  }[];
  const databases = points.filter(({ kind }) => kind === 'postgres');
  expect(databases.map(({ intervals, gaps }) => [intervals.length, gaps.length])).toEqual([[1, 0]]);
}, 120_000);
