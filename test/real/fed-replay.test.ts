/** A restore through far more WAL than may lie beside its target, by the command line, with its worker killed on the way. */
import { existsSync, readdirSync, renameSync } from 'node:fs';
import path from 'node:path';
import type { ProcedureResult } from '../../domain/progress';
import { endOf, TestSystem, type Up } from '../support/system';
import { serverTime } from './load';
import { placeFor, proveCopy, sumsCovered } from './whole-chain';

const spoolMib = 64;
let system: TestSystem;
let up: Up;
let sums: Record<string, string>;
let at: string;

beforeAll(async () => {
  system = await TestSystem.create({
    cluster: { initdb: ['--wal-segsize=1'] },
    configure: (config) => {
      config['restore'] = { spool: `${spoolMib}MiB` };
    },
  });
  const { cluster } = system;
  await cluster.psql('create table t (id int primary key, x text)');
  up = await system.up();
  expect((await system.procedure('backup')).error).toBeUndefined();
  for (let turn = 0; turn < 6; turn++) {
    await cluster.psql(
      `insert into t select g, repeat(md5(g::text), 20) from generate_series(${turn * 50000}, ${turn * 50000 + 49999}) g`,
    );
  }
  at = await serverTime(cluster);
  sums = await sumsCovered(system);
  await cluster.psql('delete from t');
  await sumsCovered(system);
}, 180_000);
afterAll(async () => {
  await up?.stop();
  await system?.destroy();
});

/** The spool of a restore to this place, once there is one. */
function spool(to: string): { dir: string; segments: string[] } | undefined {
  if (!existsSync(to)) return undefined;
  const workDir = readdirSync(to).find((name) => name.includes('.holdfast-'));
  const dir = path.join(to, workDir ?? '', 'spool');
  if (workDir === undefined || !existsSync(dir)) return undefined;
  return {
    dir,
    segments: readdirSync(dir)
      .filter((name) => /^[0-9A-F]{24}$/.test(name))
      .sort(),
  };
}

/** Once the server has passed what was spooled first, the rest comes to it while it replays. */
async function passedTheFirst(to: string, onLook: (seen: { segments: string[] }) => void = () => undefined) {
  let first: string | undefined;
  await system.until(async () => {
    const seen = spool(to);
    if (seen) onLook(seen);
    first ??= seen?.segments[0];
    return seen?.segments[0] !== undefined && seen.segments[0] !== first ? true : undefined;
  }, 60_000);
}

test('the spool stays within its bounds, a killed worker is no loss, and the restored database is the one asked for', async () => {
  const { to, database } = placeFor(system, 'fed');
  const restoring = system.spawn([
    'restore',
    'latest',
    '--at',
    at,
    '--to',
    to,
    '--component',
    'database',
    '--json',
    '--yes',
  ]);
  const end = endOf(restoring);
  let most = 0;
  await passedTheFirst(to, ({ segments }) => {
    most = Math.max(most, segments.length);
  });
  await up.kill9();
  up = await system.up();
  const watching = setInterval(() => {
    most = Math.max(most, spool(to)?.segments.length ?? 0);
  }, 20);
  const { stdout } = await end;
  clearInterval(watching);
  const result = JSON.parse(stdout) as ProcedureResult;
  expect({ status: result.status, error: result.error }).toEqual({ status: 'completed', error: undefined });
  expect(most).toBeGreaterThan(spoolMib / 2);
  expect(most).toBeLessThanOrEqual(spoolMib);
  await proveCopy(system, database, sums);
  expect(readdirSync(to)).toEqual(['database']);
}, 180_000);

test('a store that is away for a while holds the replay up, by name of the segment, and no longer', async () => {
  const { to, database } = placeFor(system, 'held-up');
  const restoring = system.spawn([
    'restore',
    'latest',
    '--at',
    at,
    '--to',
    to,
    '--component',
    'database',
    '--json',
    '--yes',
  ]);
  let told = '';
  restoring.stderr?.on('data', (data: Buffer) => {
    told += String(data);
  });
  const end = endOf(restoring);
  await passedTheFirst(to);
  renameSync(system.storeDir, `${system.storeDir}.away`);
  await system.until(
    async () => (/replay is tried again: the replay waits for segment [0-9A-F]{24}/.test(told) ? true : undefined),
    60_000,
  );
  renameSync(`${system.storeDir}.away`, system.storeDir);
  const result = JSON.parse((await end).stdout) as ProcedureResult;
  expect({ status: result.status, error: result.error }).toEqual({ status: 'completed', error: undefined });
  await proveCopy(system, database, sums);
}, 180_000);

test('what is only placed has all its WAL, however much that is', async () => {
  const { to, database } = placeFor(system, 'placed');
  const args = ['restore', 'latest', '--at', at, '--to', to, '--component', 'database', '--place-only'];
  expect((await system.procedure(...args)).error).toBeUndefined();
  expect(spool(to)?.segments.length).toBeGreaterThan(spoolMib);
  await proveCopy(system, database, sums);
}, 180_000);
