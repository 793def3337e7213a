/** A backup over the connection alone, and what it depends on dies in the middle: each time it completes by itself and restores whole. */
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openRestored, tableSums } from '../support/proof';
import { overConnection } from '../support/streamed';
import { prepareLoad } from './load';
import type { Moment } from './moments';
import { backupOrder, restoreOrder } from './orders';
import { type KilledRun, Rig } from './rig';

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.create({ configure: overConnection() }, async ({ cluster }) => {
    await prepareLoad(cluster, 1);
    await cluster.psql('create table large as select g, md5(g::text) m from generate_series(1, 2500000) g');
  });
}, 120_000);
afterAll(async () => {
  await rig?.destroy();
});

/** Complete and told; nothing was stored twice. */
function expectWhole({ result, notes }: KilledRun): void {
  expect(notes.filter((note) => note.kind === 'stored twice')).toEqual([expect.objectContaining({ packsTwice: 0 })]);
  expect({ status: result.status, error: result.error }).toEqual({ status: 'completed', error: undefined });
  expect(result.warnings).toContainEqual(expect.stringContaining('base backup of database was cut off'));
}

/** And the same elsewhere. */
async function prove(run: KilledRun): Promise<void> {
  expectWhole(run);
  const { cluster, dir } = rig.system;
  const now = `select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
  await rig.system.covered(await cluster.psql(now), 60_000);
  const to = path.join(dir, `out-${Math.random().toString(36).slice(2)}`);
  const restored = await rig.run(restoreOrder(run.result.backupId as string, { to }));
  expect(restored.result.status).toBe('completed');
  const opened = await openRestored(cluster, path.join(to, 'database'));
  expect(await opened.sums()).toEqual(await tableSums(cluster));
  await opened.close();
}

/** When the first packs of the one backup that is being made are stored. */
async function packsStored(): Promise<void> {
  const backups = path.join(rig.system.storeDir, 'backups');
  const before = existsSync(backups) ? readdirSync(backups) : [];
  await rig.system.until(async () => {
    const made = (existsSync(backups) ? readdirSync(backups) : []).find((id) => !before.includes(id));
    const packs = made && path.join(backups, made, 'packs');
    return packs && existsSync(packs) && readdirSync(packs).length >= 2 ? true : undefined;
  }, 60_000);
}

const kill = (when: Moment['when'], afterMs?: number): Moment => ({ when, activity: 'storeStream', nth: 1, afterMs });

test('the worker killed before the first byte was asked for', async () => {
  expectWhole(await rig.run(backupOrder(), kill('before')));
}, 180_000);

test('the worker killed in the middle of the stream: what was stored is used again', async () => {
  await prove(await rig.run(backupOrder(), kill('middle', 700)));
}, 180_000);

test('the worker killed when all was stored and nobody had been told: there is no second stream', async () => {
  const run = await rig.run(backupOrder(), kill('after'));
  expectWhole(run);
  const streams = run.notes.filter((note) => note.kind === 'end' && note.activity === 'storeStream');
  expect(streams.length).toBeLessThanOrEqual(2);
}, 180_000);

test('PostgreSQL killed in the middle of the stream: it is started again, and a new stream completes the backup', async () => {
  const { cluster } = rig.system;
  const dying = packsStored().then(async () => {
    await cluster.kill9();
    await sleep(500);
    await cluster.start();
  });
  const run = await rig.run(backupOrder());
  await dying;
  await prove(run);
}, 180_000);

test('the worker killed in the middle of a stream that builds upon a backup: what comes back is whole', async () => {
  const { cluster } = rig.system;
  await cluster.psql(
    `update large set m = md5(m) where g % 50 = 0; update pgbench_accounts set abalance = aid where aid % 9 = 0`,
  );
  const order = backupOrder();
  const run = await rig.run({ ...order, request: { ...order.request, type: 'incremental' } }, kill('middle', 700));
  expect(run.result.backupId).toContain('_incremental_');
  await prove(run);
}, 180_000);
