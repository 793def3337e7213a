/** The one activity that stores a streamed component, on a real server and a real store: cut in the middle, and begun anew. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { announceBackup } from '../../../../activities/backup/begin';
import { closedSnapshot } from '../../../../activities/backup/snapshot';
import { awaitSource } from '../../../../activities/backup/stream/await-source';
import { firstPack } from '../../../../activities/backup/stream/earlier-packs';
import { storeStream } from '../../../../activities/backup/stream/store-stream';
import { SiteContext } from '../../../../activities/context';
import type { JobPart } from '../../../../activities/contracts';
import { loadConfig } from '../../../../components/config-file/load';
import { clientConfig } from '../../../../components/postgres/conninfo';
import { sessionAlive, sessionName } from '../../../../components/postgres/session';
import { ReplicationConnection } from '../../../../components/postgres/wal/replication';
import type { RunIndex } from '../../../../domain/pack';
import type { RunOutcome } from '../../../../domain/runs';
import { findRunIndex } from '../../../../repository/run-index';
import { overConnection } from '../../../support/streamed';
import { TestSystem } from '../../../support/system';

let system: TestSystem;
let context: SiteContext;
let backups = 0;

beforeAll(async () => {
  system = await TestSystem.create({ configure: overConnection() });
  await system.cluster.psql(`create table big as select g, md5(g::text) m from generate_series(1, 2500000) g;
    create table hot as select g, md5(g::text) m from generate_series(1, 1000) g; checkpoint`);
  context = new SiteContext({ loaded: await loadConfig(system.config), site: 'dc01', processQueue: 'none' });
});
afterAll(async () => {
  await context?.close();
  await system?.destroy();
});

async function announced(): Promise<JobPart> {
  const job = {
    ...{ system: system.name, site: 'dc01', type: 'full', startedAt: new Date().toISOString(), warnings: [] },
    backupId: `sys_full_20260101_00000${backups++}`,
    components: [{ name: 'database', kind: 'postgres', method: 'stream' }],
    ...{ store: 'hot', copies: [], jobs: 2, verify: 'quick' },
  } satisfies Omit<JobPart, 'component' | 'generation'>;
  await announceBackup(context, job);
  return { ...job, component: 'database', generation: 1 };
}

/** @param cutAfter cancels it when so many packs are stored */
async function stream(part: JobPart, cutAfter = Number.POSITIVE_INFINITY): Promise<RunOutcome> {
  const activity = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
  activity.on('heartbeat', ({ packs }: { packs: number }) => packs >= cutAfter && activity.cancel());
  return await activity.run(() => storeStream(context, part));
}

const packsOf = ({ backupId }: JobPart) => readdirSync(path.join(system.storeDir, 'backups', backupId, 'packs'));

async function indexesOf({ backupId, store }: JobPart, generation: number): Promise<RunIndex[]> {
  const copy = (await context.repository()).copy(store);
  const indexes: RunIndex[] = [];
  for (let run = 0; ; run++) {
    const index = await findRunIndex(copy, { backupId, component: 'database', generation }, run);
    if (!index) return indexes;
    indexes.push(index);
  }
}

test('stores every file once, with what a restore needs to know', async () => {
  const part = await announced();
  const outcome = await stream(part);
  const indexes = await indexesOf(part, 1);
  const packs = indexes.flatMap((one) => one.packs);
  expect(outcome).toMatchObject({ packs: packs.length, reused: 0, warnings: [] });
  expect(packsOf(part)).toHaveLength(packs.length);
  const files = indexes.flatMap((one) => one.entries).filter(({ type }) => type === 'file');
  const bytesOf = (list: { length: number }[]) => list.reduce((sum, one) => sum + one.length, 0);
  expect(bytesOf(packs.flatMap((one) => one.slices))).toBe(files.reduce((sum, one) => sum + one.size, 0));
  const closed = await closedSnapshot(context, 'hot', part.backupId, 'database');
  expect(closed).toMatchObject({ generation: 1, runs: indexes.length, postgres: { timeline: 1 } });
  // Whoever asks again gets no second stream.
  expect(await stream({ ...part, generation: 2 })).toMatchObject({ packs: 0 });
  expect(await indexesOf(part, 2)).toEqual([]);
});

test('cut in the middle and begun anew, it uses again what is stored, and stores only what changed', async () => {
  const part = await announced();
  await expect(stream(part, 3)).rejects.toThrow();
  const before = packsOf(part).length;
  expect(before).toBeGreaterThanOrEqual(3);
  expect(await closedSnapshot(context, 'hot', part.backupId, 'database')).toBeUndefined();
  await system.cluster.psql('update hot set m = m || 1; checkpoint');
  const outcome = await stream({ ...part, generation: 2 });
  // All but those that hold what the update, and the server itself meanwhile, have changed.
  expect(outcome.reused).toBeGreaterThanOrEqual(before - 2);
  expect(packsOf(part)).toHaveLength(before + outcome.packs - outcome.reused);
  const packs = (await indexesOf(part, 2)).flatMap((one) => one.packs);
  expect(new Set(packs.map(({ pack }) => pack)).size).toBe(packs.length);
  expect(packs.filter(({ pack }) => pack < firstPack(2))).toHaveLength(outcome.reused);
});

test('a third generation knows what both before it have stored', async () => {
  const part = await announced();
  await expect(stream(part, 2)).rejects.toThrow();
  await expect(stream({ ...part, generation: 2 }, 4)).rejects.toThrow();
  const before = packsOf(part).length;
  const outcome = await stream({ ...part, generation: 3 });
  expect(outcome.reused).toBeGreaterThanOrEqual(before - 2);
  expect(packsOf(part)).toHaveLength(before + outcome.packs - outcome.reused);
});

test('where two come to their end at once, one counts, and all of it is there', async () => {
  const part = await announced();
  await Promise.all([stream(part), stream({ ...part, generation: 2 })]);
  const closed = await closedSnapshot(context, 'hot', part.backupId, 'database');
  const { generation = 0, runs } = closed ?? {};
  const indexes = await indexesOf(part, generation);
  expect(indexes).toHaveLength(runs ?? -1);
  const there = new Set(packsOf(part));
  for (const { object } of indexes.flatMap((one) => one.packs)) expect(there).toContain(path.basename(object));
  // Whoever comes later changes nothing of it.
  await stream({ ...part, generation: 3 });
  expect(await closedSnapshot(context, 'hot', part.backupId, 'database')).toEqual(closed);
});

/** The server notices a lost connection, or an order to end one, a moment later. */
async function gone(name: string): Promise<boolean> {
  const config = clientConfig(system.cluster.conninfo);
  for (let tries = 0; tries < 200; tries++, await sleep(50)) if (!(await sessionAlive(config, name))) return true;
  return false;
}

test('an aborted stream leaves no connection behind, and a forgotten one is ended before the next begins', async () => {
  const part = await announced();
  const name = sessionName(part.backupId, 1);
  await expect(stream(part, 1)).rejects.toThrow();
  expect(await gone(name)).toBe(true);
  const forgotten = await ReplicationConnection.open(clientConfig(system.cluster.conninfo), name);
  await awaitSource(context, { ...part, generation: 2 });
  expect(await gone(name)).toBe(true);
  await forgotten.close();
});
