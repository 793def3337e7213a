/** WAL that vanishes from a store while the system runs: found and named without being asked, mended or followed by a backup. */
import { readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { ComponentPoints } from '../../client/catalog/points';
import { TestSystem, type Up } from '../support/system';

let system: TestSystem;
let up: Up;

beforeAll(async () => {
  system = await TestSystem.create({
    cluster: { initdb: ['--wal-segsize=1'], conf: { wal_keep_size: '64MB', max_wal_size: '64MB' } },
  });
  up = await system.up();
  expect((await system.procedure('backup', '--component', 'database')).error).toBeUndefined();
}, 180_000);
afterAll(async () => {
  await up?.stop();
  await system?.destroy();
});

async function points(): Promise<ComponentPoints> {
  const { stdout } = await system.cli('points', '--json');
  return (JSON.parse(stdout) as ComponentPoints[]).find(({ kind }) => kind === 'postgres') as ComponentPoints;
}

async function status(): Promise<{ code: number | null; problems: string[]; warnings: string[] }> {
  const { code, stdout } = await system.cli('status', '--json');
  const { problems, warnings } = JSON.parse(stdout) as { problems: string[]; warnings: string[] };
  return { code, problems, warnings };
}

async function makeWal(megabytes: number): Promise<void> {
  await system.cluster.psql(
    `select count(pg_logical_emit_message(true, 'test', repeat(md5(n::text), 2048))) from generate_series(1, ${megabytes * 16}) n`,
  );
  const { stdout } = await system.cluster
    .psql(`select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`)
    .then((text) => ({ stdout: text }));
  await system.covered(stdout);
}

/** Whole segments of the archive, oldest first. */
function segments(): string[] {
  const root = path.join(system.storeDir, 'wal');
  const folder = path.join(root, readdirSync(root)[0] as string, '00000001', 'segments');
  return readdirSync(folder)
    .sort()
    .map((name) => path.join(folder, name));
}

test('a segment that the server still has is missed within a minute, named, and put back by itself', async () => {
  await makeWal(6);
  const victim = segments().at(-3) as string;
  // The ledger knows of it.
  await system.until(async () => ((await points()).ledger?.checkedAt ? true : undefined), 60_000);
  await new Promise((resolve) => setTimeout(resolve, 22_000));
  rmSync(victim);
  const found = await system.until(async () => {
    const { ledger } = await points();
    return ledger?.findings.find(({ fault }) => fault === 'missing');
  }, 60_000);
  expect(found).toMatchObject({ state: 'healed', timeline: 1 });
  expect(segments()).toContain(victim);
  const { code, warnings } = await status();
  expect(code).toBe(0);
  expect(warnings.join('\n')).toContain('and was put back (from the server)');
}, 180_000);

test('one that nobody has any more fails status, closes its interval, and a new backup begins by itself, once', async () => {
  const victim = segments().at(-2) as string;
  await system.cluster.psql(`alter system set wal_keep_size = '0'`);
  await system.cluster.psql('select pg_reload_conf()');
  for (let round = 0; round < 3; round++) {
    await makeWal(4);
    await system.cluster.psql('checkpoint');
  }
  const gone = `select count(*) from pg_ls_waldir() where name = '${path.basename(victim)}'`;
  await system.until(async () => ((await system.cluster.psql(gone)) === '0' ? true : undefined), 30_000);
  const hidden = path.join(system.dir, 'hidden');
  renameSync(victim, hidden);
  const failing = await system.until(async () => {
    const seen = await status();
    return seen.problems.some((one) => one.includes('nobody has it any more')) ? seen : undefined;
  }, 60_000);
  expect(failing.code).toBe(1);
  const { gaps } = await points();
  expect(gaps).toHaveLength(1);

  const backups = async () => {
    const { stdout } = await system.cli('list', '--json');
    return JSON.parse(stdout) as { id: string; status: string }[];
  };
  await system.until(async () => {
    const list = await backups();
    return list.length === 2 && list[1]?.status === 'completed' ? true : undefined;
  }, 120_000);
  const after = await points();
  expect(after.intervals).toHaveLength(2);
  expect(after.intervals.map((one) => one.backups)).toEqual((await backups()).map(({ id }) => [id]));

  // The gap stays; who says to know of it is believed.
  const [gap] = after.gaps as [ComponentPoints['gaps'][number]];
  expect(await status()).toMatchObject({ code: 1 });
  const refused = await system.cli('points', '--acknowledge', '1/0/1-0/2');
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain(`1/${gap.fromLsn}-${gap.toLsn}`);
  const acknowledged = await system.cli('points', '--acknowledge', `1/${gap.fromLsn}-${gap.toLsn}`);
  expect(acknowledged.code).toBe(0);
  expect(acknowledged.stdout).toContain('acknowledged by');
  expect(await status()).toMatchObject({ code: 0, problems: [] });
  expect((await points()).gaps).toMatchObject([{ fromLsn: gap.fromLsn, acknowledged: { by: expect.any(String) } }]);

  await new Promise((resolve) => setTimeout(resolve, 45_000));
  expect(await backups()).toHaveLength(2);
}, 300_000);
