/** WAL that vanishes from a store while the system runs: found and named without being asked, mended or followed by a backup. */
import { renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { PointGap } from '../../client/catalog/ledger';
import { TestSystem, type Up } from '../support/system';
import {
  backups,
  points,
  segments,
  ship,
  smallWal,
  status,
  untilLookedAt,
  untilServerForgot,
  watchful,
} from './protected';

let system: TestSystem;
let up: Up;

beforeAll(async () => {
  system = await TestSystem.create(smallWal);
  up = await system.up();
  expect((await system.procedure('backup', '--component', 'database')).error).toBeUndefined();
}, 180_000);
afterAll(async () => {
  await up?.stop();
  await system?.destroy();
});

test('a segment that the server still has is missed within a minute, named, and put back by itself', async () => {
  await ship(system, 6);
  const victim = segments(system).at(-3) as string;
  await untilLookedAt(system);
  rmSync(victim);
  const found = await system.until(async () => {
    const { ledger } = await points(system);
    return ledger?.findings.find(({ fault }) => fault === 'missing');
  }, 60_000);
  expect(found).toMatchObject({ state: 'healed', timeline: 1 });
  expect(segments(system)).toContain(victim);
  const { code, warnings } = await status(system);
  expect(code).toBe(0);
  expect(warnings.join('\n')).toContain('and was put back (from the server)');
}, 180_000);

test('one that nobody has any more fails status, closes its interval, and a new backup begins by itself, once', async () => {
  await up.stop();
  up = await system.up(watchful);
  const victim = segments(system).at(-2) as string;
  await untilServerForgot(system, victim);
  renameSync(victim, path.join(system.dir, 'hidden'));
  const failing = await system.until(async () => {
    const seen = await status(system);
    return seen.problems.some((one) => one.includes('nobody has it any more')) ? seen : undefined;
  }, 60_000);
  expect(failing.code).toBe(1);
  expect((await points(system)).gaps).toHaveLength(1);
  await system.until(async () => {
    const list = await backups(system);
    return list.length === 2 && list[1]?.status === 'completed' ? true : undefined;
  }, 120_000);
  const after = await points(system);
  expect(after.intervals.map((one) => one.backups)).toEqual((await backups(system)).map(({ id }) => [id]));

  // The gap stays; who says to know of it is believed.
  const [gap] = after.gaps as [PointGap];
  expect(await status(system)).toMatchObject({ code: 1 });
  const refused = await system.cli('points', '--acknowledge', '1/0/1-0/2');
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain(`1/${gap.fromLsn}-${gap.toLsn}`);
  const acknowledged = await system.cli('points', '--acknowledge', `1/${gap.fromLsn}-${gap.toLsn}`);
  expect(acknowledged.code).toBe(0);
  expect(acknowledged.stdout).toContain('acknowledged by');
  expect(await status(system)).toMatchObject({ code: 0, problems: [] });
  expect((await points(system)).gaps).toMatchObject([
    { fromLsn: gap.fromLsn, acknowledged: { by: expect.any(String) } },
  ]);

  // Three looks more.
  for (let looks = 0; looks < 3; looks++) await untilLookedAt(system);
  expect(await backups(system)).toHaveLength(2);
}, 300_000);
