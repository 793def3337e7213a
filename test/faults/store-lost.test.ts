/** The S3 server is gone for a while, under commits that wait for it: they go on waiting, or are let go, exactly as the mode says. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { TestSystem, type Up } from '../support/system';

const outageSeconds = Number(process.env['HOLDFAST_TEST_OUTAGE_SECONDS'] ?? 8);

interface Status {
  shippers: { commits?: { state: string; reason: string }; switches?: { commits: string; reason: string }[] }[];
  problems: string[];
  warnings: string[];
}

let system: TestSystem;
let up: Up;
afterEach(() => system?.destroy());

async function protect(wal: object): Promise<void> {
  system = await TestSystem.create({
    store: 's3',
    configure: (config) => {
      const { database } = (config['sites'] as { dc01: { components: { database: object } } }).dc01.components;
      Object.assign(database, { wal });
    },
  });
  await system.cluster.psql('create table ledger (id bigserial primary key)');
  up = await system.up();
  await commits('synchronous');
}

async function status(): Promise<Status> {
  return JSON.parse((await system.cli('status', '--json')).stdout) as Status;
}

async function commits(state: string): Promise<void> {
  await system.until(async () => (await status()).shippers[0]?.commits?.state === state || undefined, 90_000);
}

/** Four clients that commit one after the other: how many commits came back by now. */
function startCommits(): { count: () => number; stop: () => Promise<void> } {
  let [stopping, done] = [false, 0];
  const runs = [1, 2, 3, 4].map(async () => {
    const client = await system.cluster.client();
    for (; !stopping; done++) {
      await client.query('insert into ledger default values');
      await sleep(10);
    }
    await client.end();
  });
  return {
    count: () => done,
    stop: async () => {
      stopping = true;
      await Promise.all(runs);
    },
  };
}

async function gaps(): Promise<unknown[]> {
  const points = JSON.parse((await system.cli('points', '--json')).stdout) as { gaps: unknown[] }[];
  return points.flatMap((one) => one.gaps);
}

test(`sync: for ${outageSeconds} seconds no commit comes back, then all do, and no WAL is missing`, async () => {
  await protect({ mode: 'sync' });
  const load = startCommits();
  await sleep(500);
  await system.s3?.kill();
  await sleep(500); // what S3 had when it died is told by now
  const before = load.count();
  await sleep(outageSeconds * 1000);
  expect(load.count()).toBe(before);
  await system.s3?.restart();
  await system.until(async () => load.count() > before + 8 || undefined, 60_000);
  await load.stop();
  expect(await gaps()).toEqual([]);
  expect((await status()).shippers[0]?.switches?.map((one) => one.commits)).toEqual(['asynchronous', 'synchronous']);
}, 180_000);

test('hybrid: commits are let go, which is told and recorded, and wait again when S3 is back; no WAL is missing', async () => {
  await protect({ mode: 'hybrid', syncThreshold: '4s' });
  const load = startCommits();
  await sleep(500);
  await system.s3?.kill();
  await commits('asynchronous');
  const before = load.count();
  await system.until(async () => load.count() > before + 100 || undefined, 60_000);
  await system.s3?.restart();
  await load.stop();
  await commits('synchronous');
  expect(await gaps()).toEqual([]);
  const { shippers, problems } = await status();
  expect(problems).toEqual([]);
  const switches = shippers[0]?.switches ?? [];
  expect(switches.slice(0, 2).map((one) => one.commits)).toEqual(['asynchronous', 'synchronous']);
  expect(switches.find(({ reason }) => /^a commit waited \d+ ms for the stores/.test(reason))?.commits).toBe(
    'asynchronous',
  );
  expect(switches.at(-1)?.commits).toBe('synchronous');
  expect(readFileSync(up.log, 'utf8')).toMatch(/WARN database: commits are asynchronous: a commit waited \d+ ms/);
  await up.stop();
  expect(await system.cluster.psql('show synchronous_standby_names')).toBe('');
  expect(readFileSync(up.log, 'utf8')).toContain('WARN database: commits are asynchronous: shipping was ended');
}, 180_000);
