/** What the tests of a protected system's WAL share: the command line's answers, and WAL to lose. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { ComponentPoints } from '../../client/catalog/points';
import type { ComponentPromises } from '../../client/output/promises';
import type { SystemOptions, TestSystem } from '../support/system';

/** Small segments, and a server that keeps some of what was shipped. */
export const smallWal: SystemOptions = {
  cluster: { initdb: ['--wal-segsize=1'], conf: { wal_keep_size: '64MB', max_wal_size: '64MB' } },
};

/** `up` whose ledger is looked at more often: for what is not about how soon something is found. */
export const watchful = { entry: path.join(__dirname, 'watchful-main.js') };

export interface StatusSeen {
  code: number | null;
  problems: string[];
  warnings: string[];
  shippers: { state: string; slot?: { retainedBytes: number; hoursLeft?: number } }[];
  components: ComponentPromises[];
}

export async function status(system: TestSystem): Promise<StatusSeen> {
  const { code, stdout } = await system.cli('status', '--json');
  return { code, ...(JSON.parse(stdout) as Omit<StatusSeen, 'code'>) };
}

/** Of the database. */
export async function points(system: TestSystem): Promise<ComponentPoints> {
  const { stdout } = await system.cli('points', '--json');
  return (JSON.parse(stdout) as ComponentPoints[]).find(({ kind }) => kind === 'postgres') as ComponentPoints;
}

export async function backups(system: TestSystem): Promise<{ id: string; status: string }[]> {
  return JSON.parse((await system.cli('list', '--json')).stdout) as { id: string; status: string }[];
}

export async function emit(system: TestSystem, megabytes: number): Promise<void> {
  await system.cluster.psql(
    `select count(pg_logical_emit_message(true, 'test', repeat(md5(n::text), 2048))) from generate_series(1, ${megabytes * 16}) n`,
  );
}

/** Makes WAL, and waits until it is stored. */
export async function ship(system: TestSystem, megabytes: number): Promise<void> {
  await emit(system, megabytes);
  const now = `to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
  await system.covered(await system.cluster.psql(`select ${now}`));
}

/** Whole segments of the archive in the store, oldest first. */
export function segments(system: TestSystem): string[] {
  const root = path.join(system.storeDir, 'wal');
  const folder = path.join(root, readdirSync(root)[0] as string, '00000001', 'segments');
  return readdirSync(folder)
    .sort()
    .map((name) => path.join(folder, name));
}

/** Until the server itself no longer has a segment. */
export async function untilServerForgot(system: TestSystem, segment: string): Promise<void> {
  await system.cluster.psql(`alter system set wal_keep_size = '0'`);
  await system.cluster.psql('select pg_reload_conf()');
  for (let round = 0; round < 3; round++) {
    await ship(system, 4);
    await system.cluster.psql('checkpoint');
  }
  const has = `select count(*) from pg_ls_waldir() where name = '${path.basename(segment)}'`;
  await system.until(async () => ((await system.cluster.psql(has)) === '0' ? true : undefined), 30_000);
}

/** Until a check of the ledger has ended that began later than now. */
export async function untilLookedAt(system: TestSystem): Promise<void> {
  const began = new Date().toISOString();
  await system.until(async () => ((await points(system)).ledger?.checkedAt ?? '') > began || undefined, 60_000);
}
