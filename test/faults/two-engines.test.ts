/** Two engines for one system, on hosts that know nothing of each other: one ships, the other waits and says so, and follows on. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { endOf, TestSystem, type Up } from '../support/system';
import { points, type StatusSeen, ship, smallWal, status } from './protected';

let system: TestSystem;
let first: Up;
let second: Up;
let elsewhere: NodeJS.ProcessEnv;

beforeAll(async () => {
  system = await TestSystem.create(smallWal);
  elsewhere = { XDG_STATE_HOME: path.join(system.dir, 'other-host') };
  mkdirSync(elsewhere['XDG_STATE_HOME'] as string);
  first = await system.up();
  await ship(system, 2);
  second = await system.up({ env: elsewhere });
}, 180_000);
afterAll(async () => {
  await second?.stop();
  await first?.stop();
  await system?.destroy();
});

async function statusElsewhere(): Promise<StatusSeen> {
  const { code, stdout } = await endOf(system.spawn(['status', '--json'], { env: elsewhere }));
  return { code, ...(JSON.parse(stdout) as Omit<StatusSeen, 'code'>) };
}

test('the second ships nothing, says why, and leaves the first alone', async () => {
  const seen = await system.until(async () => {
    const now = await statusElsewhere();
    return now.problems.some((one) => one.includes('another shipper writes this WAL')) ? now : undefined;
  }, 60_000);
  expect(seen.code).toBe(1);
  // Longer than it waits before it tries again.
  for (let look = 0; look < 10; look++) {
    await sleep(2000);
    expect((await status(system)).shippers).toMatchObject([{ state: 'streaming' }]);
  }
  await ship(system, 2);
}, 120_000);

test('when the first dies, the second takes over by itself', async () => {
  await first.kill9();
  await system.until(async () => {
    const { shippers } = await statusElsewhere();
    return shippers[0]?.state === 'streaming' || undefined;
  }, 120_000);
  await ship(system, 2);
  expect((await points(system)).gaps).toEqual([]);
}, 180_000);
