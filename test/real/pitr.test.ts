/**
 * Points in time, judged by a ledger: with one row a transaction and the server's own commit timestamps, it is known which rows
 * a target must bring back and which it must not.
 */
import type pg from 'pg';
import { formatInstant, parseInstant } from '../../domain/instant';
import type { ProcedureResult } from '../../domain/progress';
import { openRestored } from '../support/proof';
import { TestSystem, type Up } from '../support/system';
import { type LedgerRow, Load, ledgerIds, ledgerOf, serverTime, steadyInstant } from './load';
import { placeFor } from './whole-chain';

const seed = Number(process.env.HOLDFAST_TEST_SEED ?? 20260101);

let system: TestSystem;
let up: Up;
let ledger: LedgerRow[];
let pointLsn: string;
let marker: { xid: string; at: string; lsnBefore: string };
/** Microseconds at which the backup had ended. */
let from: bigint;
let count = 0;

beforeAll(async () => {
  // Recovery reads times in the server's zone: one with summer time.
  system = await TestSystem.create({ cluster: { conf: { timezone: 'America/New_York' } } });
  const { cluster } = system;
  up = await system.up();
  const load = await Load.start(cluster, { clients: 2 });
  const backup = await system.procedure('backup');
  expect(backup.error).toBeUndefined();
  from = parseInstant(await serverTime(cluster));
  await new Promise((resolve) => setTimeout(resolve, 1500));
  pointLsn = await cluster.psql(`select pg_create_restore_point('before the migration')`);
  await new Promise((resolve) => setTimeout(resolve, 700));
  await load.stop();
  marker = await marked();
  const after = await Load.start(cluster, { clients: 2 });
  await new Promise((resolve) => setTimeout(resolve, 1500));
  await after.stop();
  ledger = await ledgerOf(cluster);
  await system.covered(await serverTime(cluster));
});
afterAll(async () => {
  await up?.stop();
  await system?.destroy();
});

/** One transaction apart from all others, whose number, time and position are known. */
async function marked(): Promise<typeof marker> {
  const { cluster } = system;
  const xid = await cluster.psql(`begin; insert into ledger (pad) values ('marker') returning xmin; commit`);
  const at = `(extract(epoch from pg_xact_commit_timestamp('${xid}'::xid)) * 1000000)::bigint`;
  return {
    xid,
    at: await cluster.psql(`select ${at}`),
    lsnBefore: await cluster.psql('select pg_current_wal_flush_lsn()'),
  };
}

async function restored<T>(look: (client: pg.Client) => Promise<T>, ...args: string[]): Promise<[T, ProcedureResult]> {
  const { to, database } = placeFor(system, `out-${++count}`);
  const restore = await system.procedure('restore', ...args, '--to', to, '--component', 'database');
  expect(restore.error).toBeUndefined();
  expect(restore).toMatchObject({ status: 'completed', exit: 0 });
  const opened = await openRestored(system.cluster, database);
  try {
    const client = await opened.client();
    const seen = await look(client);
    await client.end();
    await opened.amcheck();
    return [seen, restore];
  } finally {
    await opened.close();
  }
}

const idsUntil = (at: bigint) => ids(ledger.filter((row) => row.at <= at));
function ids(rows: LedgerRow[]): string[] {
  return rows
    .map(({ id }) => Number(id))
    .toSorted((a, b) => a - b)
    .map(String);
}

/** A seeded choice of instants. */
function instants(howMany: number): bigint[] {
  let state = seed >>> 0;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const last = ledger.at(-1)?.at as bigint;
  return Array.from({ length: howMany }, () => {
    return steadyInstant(ledger, from + BigInt(Math.floor(next() * Number(last - from))));
  });
}

test.each([0, 1, 2, 3, 4])(
  'a random time under load (%i): every row committed before it, none after',
  async (index) => {
    const at = instants(5)[index] as bigint;
    const [seen] = await restored(ledgerIds, 'latest', '--at', formatInstant(at));
    expect(seen).toEqual(idsUntil(at));
    expect(seen.length).toBeLessThan(ledger.length);
  },
);

test('the instant of a commit itself: there when inclusive, absent when exclusive, in whatever zone it is written', async () => {
  const at = BigInt(marker.at);
  const utc = formatInstant(at);
  const inKolkata = `${formatInstant(at + 19_800_000_000n).slice(0, -1)}+05:30`;
  const [with_] = await restored(ledgerIds, 'latest', '--at', inKolkata);
  expect(with_).toEqual(idsUntil(at));
  const [without] = await restored(ledgerIds, 'latest', '--at', utc, '--exclusive');
  expect(without).toEqual(idsUntil(at - 1n));
  expect(with_.length - without.length).toBe(1);
});

test('the same instant in zones with and without summer time is the same target', async () => {
  const at = BigInt(marker.at);
  const wall = (zone: string) => {
    const shown = new Date(Number(at / 1000n)).toLocaleString('sv-SE', { timeZone: zone }).replace(' ', 'T');
    return `${shown}.${String(at % 1_000_000n).padStart(6, '0')}`;
  };
  for (const zone of ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe']) {
    const { to } = placeFor(system, 'dry');
    const dry = await system.procedure('restore', 'latest', '--at', `${wall(zone)} ${zone}`, '--to', to, '--dry-run');
    expect(dry.error).toBeUndefined();
    expect(dry).toMatchObject({ status: 'completed', recoveryPoint: formatInstant(at) });
  }
});

test.each([
  ['2026-03-29 02:30:00 Europe/Berlin', 'target_invalid', /does not exist/],
  ['2026-10-25 02:30:00 Europe/Berlin', 'target_invalid', /happened twice/],
  ['2026-11-22 02:30:00', 'target_invalid', /zone/],
  ['2026-10-25T02:30:00+02:00', 'timestamp_out_of_range', /no backup ends before 2026-10-25T00:30:00/],
  ['2026-10-25T02:30:00+01:00', 'timestamp_out_of_range', /no backup ends before 2026-10-25T01:30:00/],
])('around a change of the clocks: %s is refused as %s', async (at, code, message) => {
  const { to } = placeFor(system, 'refused');
  const restore = await system.procedure('restore', 'latest', '--at', at, '--to', to);
  expect(restore).toMatchObject({ exit: 2, error: { code, message: expect.stringMatching(message) } });
});

test('a restore point by its name, and its position as an LSN', async () => {
  const [byName] = await restored(ledgerIds, 'latest', '--at', 'name:before the migration');
  expect(byName.length).toBeGreaterThan(0);
  // The point's record ends at its LSN: replay stops with the first record that begins there or later.
  const [byLsn] = await restored(ledgerIds, 'latest', '--at', pointLsn, '--exclusive');
  expect(byLsn).toEqual(byName);
});

test('a transaction by its number: with it, or everything before it', async () => {
  const [with_] = await restored(ledgerIds, 'latest', '--at', `xid:${marker.xid}`);
  expect(with_).toEqual(idsUntil(BigInt(marker.at)));
  const [without] = await restored(ledgerIds, 'latest', '--at', marker.xid, '--exclusive');
  expect(without).toEqual(idsUntil(BigInt(marker.at) - 1n));
});
