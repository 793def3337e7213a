/**
 * Failover: a standby takes over, the old primary writes on for a moment; then the next standby takes over while its WAL is
 * being shipped. Every timeline's points stay reachable; the newest is the default.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parse, stringify } from 'yaml';
import type { Cluster } from '../support/postgres-cluster';
import { openRestored, tableSums } from '../support/proof';
import { TestSystem, type Up } from '../support/system';
import { Load, ledgerIds, ledgerOf, serverTime } from './load';
import { placeFor } from './whole-chain';

let system: TestSystem;
let up: Up;
let second: Cluster;
let third: Cluster;
const times: Record<string, string> = {};
const rows: Record<string, string[]> = {};
let sums: Record<string, string>;
let count = 0;

beforeAll(async () => {
  system = await TestSystem.create();
  const { cluster } = system;
  await cluster.psql('create table ledger (id bigserial primary key, pad text)');
  up = await system.up();
  const backup = await system.procedure('backup');
  expect(backup.error).toBeUndefined();
  await note('shared', cluster, 'before the failover');

  second = await cluster.standby();
  await second.promote();
  await note('lost', cluster, 'only on the old primary');
  await system.covered(times['lost'] as string);
  await up.stop();
  pointAt(second);
  up = await system.up();
  await note('second', second, 'on the new primary');
  await system.covered(times['second'] as string);

  // Shipping from a standby, whose promotion ends the stream in the middle: it goes on on the next timeline.
  third = await second.standby({ name: 'sc' });
  await up.stop();
  pointAt(third);
  up = await system.up();
  const load = await Load.start(second);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  await third.promote();
  await load.stop();
  await note('third', third, 'after its own promotion');
  sums = await tableSums(third);
  await system.covered(await serverTime(third), 60_000);
});
afterAll(async () => {
  await up?.stop();
  await system?.destroy();
});

/** Writes a row, and remembers a time after it and what was there by then. */
async function note(name: string, cluster: Cluster, pad: string): Promise<void> {
  await cluster.psql(`insert into ledger (pad) values ('${pad}')`);
  times[name] = await serverTime(cluster);
  rows[name] = (await ledgerOf(cluster))
    .map(({ id }) => Number(id))
    .toSorted((a, b) => a - b)
    .map(String);
  await cluster.psql(`insert into ledger (pad) values ('later than ${name}')`);
}

/** What an administrator does after a failover. */
function pointAt({ conninfo, dataDir }: Cluster): void {
  const config = parse(readFileSync(system.config, 'utf8')) as {
    sites: { dc01: { components: { database: { connection: string; dataDir: string } } } };
  };
  Object.assign(config.sites.dc01.components.database, { connection: conninfo, dataDir });
  writeFileSync(system.config, stringify(config));
}

async function restored(...args: string[]): Promise<{ ids: string[]; sums: Record<string, string> }> {
  const { to, database } = placeFor(system, `out-${++count}`);
  const restore = await system.procedure('restore', 'latest', ...args, '--to', to, '--component', 'database');
  expect(restore.error).toBeUndefined();
  const opened = await openRestored(system.cluster, database);
  try {
    const client = await opened.client();
    const ids = await ledgerIds(client);
    await client.end();
    await opened.amcheck();
    return { ids, sums: await opened.sums() };
  } finally {
    await opened.close();
  }
}

test('the server is on its third timeline, and all of them are stored', async () => {
  const { stdout } = await system.cli('points', '--json');
  const [points] = JSON.parse(stdout) as [{ intervals: { timeline: number }[]; gaps: unknown[] }];
  expect(new Set(points.intervals.map(({ timeline }) => timeline))).toEqual(new Set([1, 2, 3]));
  expect(points.gaps).toEqual([]);
});

test('without a target, everything up to the newest timeline’s end is there', async () => {
  const { sums: found } = await restored();
  expect(found).toEqual(sums);
});

test('a time before the failover is reached on the way to whatever timeline', async () => {
  expect((await restored('--at', times['shared'] as string)).ids).toEqual(rows['shared']);
});

test('a time after the failover means the new primary', async () => {
  expect((await restored('--at', times['second'] as string)).ids).toEqual(rows['second']);
});

test('--timeline 1 reaches what only the old primary had', async () => {
  expect((await restored('--at', times['lost'] as string, '--timeline', '1')).ids).toEqual(rows['lost']);
});

test('--timeline 2 ends where the third began', async () => {
  expect((await restored('--at', times['second'] as string, '--timeline', '2')).ids).toEqual(rows['second']);
});

test('a time on the newest timeline', async () => {
  expect((await restored('--at', times['third'] as string)).ids).toEqual(rows['third']);
});

test('a timeline that is not stored is refused before anything is touched', async () => {
  const { to } = placeFor(system, 'refused');
  const restore = await system.procedure('restore', 'latest', '--timeline', '9', '--to', to);
  expect(restore).toMatchObject({ exit: 2, error: { code: 'timeline_unreachable' } });
});
