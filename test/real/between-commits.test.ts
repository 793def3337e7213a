/**
 * A target between every two commits of a burst, and at each commit itself, with and without it. The burst lies in the newest segment, of
 * which the store has only parts, and the source is destroyed: what comes back comes out of the store alone.
 */
import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { SiteContext } from '../../activities/context';
import { loadConfig } from '../../components/config-file/load';
import { formatInstant } from '../../domain/instant';
import { openRestored } from '../support/proof';
import { TestSystem } from '../support/system';
import { type LedgerRow, ledgerIds, ledgerOf, serverTime } from './load';
import { restoreBySteps } from './restore-steps';
import { placeFor } from './whole-chain';

/** All of them: that takes a quarter of an hour. */
const everyTarget = process.env['HOLDFAST_TEST_EVERY_TARGET'] === '1';
const seed = Number(process.env['HOLDFAST_TEST_SEED'] ?? 20260101);
const [clients, commitsEach, sampled] = [8, 5, 6];

interface Commit extends LedgerRow {
  /** Where its record begins. */
  lsn: string;
}

interface Target {
  at: string;
  inclusive: boolean;
  /** How many commits it brings back, in the order of the WAL. */
  commits: number;
}

let system: TestSystem;
let context: SiteContext;
/** In the order of the WAL: two that end at once may have taken their times the other way round. */
let commits: Commit[];
let placed: string;
let count = 0;

beforeAll(async () => {
  system = await TestSystem.create();
  const { cluster } = system;
  await cluster.psql('create table ledger (id bigserial primary key, pad text)');
  const up = await system.up();
  expect((await system.procedure('backup', '--component', 'database')).error).toBeUndefined();
  await cluster.psql('select pg_switch_wal()');
  const from = await cluster.psql('select pg_current_wal_lsn()');
  await burst();
  commits = inOrder(await ledgerOf(cluster), await commitRecords(from));
  await system.covered(await serverTime(cluster));
  await up.kill9();
  await cluster.kill9();
  rmSync(cluster.dataDir, { recursive: true });

  const { to, database } = placeFor(system, 'placed');
  const place = await system.procedure('restore', 'latest', '--to', to, '--component', 'database', '--place-only');
  expect(place.error).toBeUndefined();
  placed = database;
  const loaded = await loadConfig(system.config, system.env());
  context = new SiteContext({ loaded, site: 'dc01', processQueue: 'none' });
}, 180_000);
afterAll(async () => {
  await context?.close();
  await system?.destroy();
});

async function burst(): Promise<void> {
  const run = async () => {
    const client = await system.cluster.client();
    for (let n = 0; n < commitsEach; n++) await client.query(`insert into ledger (pad) values ('burst')`);
    await client.end();
  };
  await Promise.all(Array.from({ length: clients }, run));
}

/** Transaction → where the record of its commit begins, by PostgreSQL's own reader. */
async function commitRecords(from: string): Promise<Map<string, string>> {
  const { cluster } = system;
  const end = await cluster.psql('select pg_current_wal_flush_lsn()');
  const where = ['-p', path.join(cluster.dataDir, 'pg_wal'), '-s', from, '-e', end];
  const text = await cluster.program('pg_waldump', [...where, '-r', 'Transaction']);
  const found = text.matchAll(/tx: +(\d+), lsn: ([0-9A-F]+\/[0-9A-F]+),.* desc: COMMIT/g);
  return new Map([...found].map(([, xid = '', lsn = '']) => [xid, lsn]));
}

function inOrder(rows: LedgerRow[], records: Map<string, string>): Commit[] {
  return [...records].flatMap(([xid, lsn]) => {
    const row = rows.find((one) => one.xid === xid);
    return row ? [{ ...row, lsn }] : [];
  });
}

/** PostgreSQL stops at the first commit in its WAL that is beyond the target. */
function until(isBeyond: (commit: Commit) => boolean): number {
  const first = commits.findIndex(isBeyond);
  return first < 0 ? commits.length : first;
}

function targets(): Target[] {
  const times = commits.map(({ at }) => at).toSorted((a, b) => (a < b ? -1 : 1));
  const byTime = times.slice(0, -1).flatMap((at, index): Target[] => {
    const next = times[index + 1] as bigint;
    if (next === at) return []; // nothing lies between two commits of one microsecond
    const upTo = (time: bigint) => ({
      at: formatInstant(time),
      inclusive: true,
      commits: until((one) => one.at > time),
    });
    return [
      upTo(at),
      upTo(next - 1n),
      { at: formatInstant(next), inclusive: false, commits: until((one) => one.at >= next) },
    ];
  });
  const byPosition = commits.flatMap(({ lsn }, index): Target[] => [
    { at: lsn, inclusive: true, commits: index + 1 },
    { at: lsn, inclusive: false, commits: index },
  ]);
  return [...byTime, ...byPosition];
}

function sampleOf(all: Target[]): Target[] {
  let state = seed >>> 0;
  return Array.from({ length: sampled }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return all[Math.floor((state / 2 ** 32) * all.length)] as Target;
  });
}

function rowsOf(howMany: number): string[] {
  const ids = commits.slice(0, howMany).map(({ id }) => Number(id));
  return ids.toSorted((a, b) => a - b).map(String);
}

async function rowsIn(dataDir: string): Promise<string[]> {
  const opened = await openRestored(system.cluster, dataDir);
  const client = await opened.client();
  try {
    return await ledgerIds(client);
  } finally {
    await client.end();
    await opened.close();
  }
}

async function rowsAt({ at, inclusive }: Target): Promise<string[]> {
  const { to, database } = placeFor(system, `out-${++count}`);
  await restoreBySteps({ context, component: 'database', placed }, { at, inclusive, to });
  const rows = await rowsIn(database);
  rmSync(to, { recursive: true });
  return rows;
}

test('the whole burst lies in a segment of which the store has parts only', () => {
  expect(commits).toHaveLength(clients * commitsEach);
  const segments = new Set(commits.map(({ lsn }) => segmentOf(lsn)));
  expect(segments.size).toBe(1);
  const [segment] = [...segments];
  const root = path.join(system.storeDir, 'wal');
  const timeline = path.join(root, readdirSync(root)[0] as string, '00000001');
  expect(readdirSync(path.join(timeline, 'segments'))).not.toContain(segment);
  expect(readdirSync(path.join(timeline, 'parts'))).toContain(segment);
});

/** Of 16 MiB. */
function segmentOf(lsn: string): string {
  const [high = '', low = ''] = lsn.split('/');
  const hex = (number: number) => number.toString(16).toUpperCase().padStart(8, '0');
  return `00000001${hex(Number.parseInt(high, 16))}${hex(Number.parseInt(low, 16) >>> 24)}`;
}

test(
  `${everyTarget ? 'every target' : 'a sample of targets'} between two commits and at one: exactly the commits up to it`,
  async () => {
    const all = targets();
    // Three times between any two, and two positions for each.
    expect(all.length).toBeGreaterThan(4 * commits.length);
    const wrong: object[] = [];
    for (const target of everyTarget ? all : sampleOf(all)) {
      const rows = await rowsAt(target);
      if (rows.join() !== rowsOf(target.commits).join()) wrong.push({ ...target, rows: rows.length });
    }
    if (everyTarget) process.stderr.write(`${all.length} targets in a burst of ${commits.length} commits\n`);
    expect(wrong).toEqual([]);
  },
  everyTarget ? 3_600_000 : 180_000,
);

test.each(['time', 'position'])(
  'a %s in the middle of it, by the command',
  async (kind) => {
    const middle = targets().find(
      (one) => one.commits === commits.length / 2 && one.at.includes('T') === (kind === 'time'),
    );
    const { at, inclusive, commits: howMany } = middle as Target;
    const { to, database } = placeFor(system, kind);
    const args = ['--at', at, ...(inclusive ? [] : ['--exclusive']), '--to', to, '--component', 'database'];
    const restore = await system.procedure('restore', 'latest', ...args);
    expect(restore).toMatchObject({ status: 'completed', exit: 0 });
    expect(await rowsIn(database)).toEqual(rowsOf(howMany));
  },
  120_000,
);
