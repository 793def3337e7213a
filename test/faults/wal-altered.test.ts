/** A stored segment whose bytes change while nobody else has them any more: named without being asked, and no longer counted on. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
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
  up = await system.up(watchful);
  expect((await system.procedure('backup', '--component', 'database')).error).toBeUndefined();
}, 180_000);
afterAll(async () => {
  await up?.stop();
  await system?.destroy();
});

test('an altered segment fails status, is no part of any interval, and is followed by a backup', async () => {
  await ship(system, 4);
  const victim = segments(system).at(-1) as string;
  await untilServerForgot(system, victim);
  await untilLookedAt(system);
  const bytes = readFileSync(victim);
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 120) ^ 0x10, bytes.length - 120);
  writeFileSync(victim, bytes);
  const seen = await system.until(async () => {
    const now = await status(system);
    return now.problems.some((one) => one.includes('stored WAL was altered')) ? now : undefined;
  }, 60_000);
  expect(seen.code).toBe(1);
  const { gaps, ledger } = await points(system);
  expect(ledger?.findings).toMatchObject([{ fault: 'altered', state: 'lost', timeline: 1 }]);
  expect(ledger?.findings[0]?.key?.split('/').at(-1)).toBe(path.basename(victim));
  expect(gaps).toMatchObject([{ timeline: 1, fromLsn: ledger?.findings[0]?.fromLsn }]);

  await system.until(async () => {
    const list = await backups(system);
    return list.length === 2 && list[1]?.status === 'completed' ? true : undefined;
  }, 120_000);
  const { intervals } = await points(system);
  expect(intervals.map((one) => one.backups)).toEqual((await backups(system)).map(({ id }) => [id]));
}, 300_000);
