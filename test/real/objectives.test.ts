/** What would be lost now and how long a restore would take, measured, beside what was promised. */
import path from 'node:path';
import { points, status } from '../faults/protected';
import { TestSystem, type Up } from '../support/system';

let system: TestSystem;
let up: Up;

beforeAll(async () => {
  system = await TestSystem.create({
    configure: (config) => {
      config['objectives'] = { rpo: '15m', rto: '1s' };
    },
  });
  up = await system.up();
  expect((await system.procedure('backup')).error).toBeUndefined();
}, 180_000);
afterAll(async () => {
  await up?.stop();
  await system?.destroy();
});

test('an estimate by the backup, and an objective that is missed', async () => {
  const { rto, rpoSeconds } = await points(system);
  expect(rto).toMatchObject({ restsOn: 'the last backup' });
  expect(rto?.seconds).toBeGreaterThan(1);
  expect(rto?.bytes).toBeGreaterThan(1e6);
  expect(rpoSeconds).toBeLessThan(900);
  const { code, problems } = await status(system);
  expect(code).toBe(1);
  expect(problems).toContainEqual(
    expect.stringMatching(/^the recovery time objective of 1s is missed for database \(dc01\): a restore from hot/),
  );
  expect(problems.filter((one) => one.includes('recovery point'))).toEqual([]);
});

test('after a restore its times count', async () => {
  const restore = await system.procedure('restore', 'latest', '--to', path.join(system.dir, 'out'));
  expect(restore.error).toBeUndefined();
  expect(restore.walBytes).toBeGreaterThan(0);
  const { rto } = await points(system);
  expect(rto?.restsOn).toBe('earlier restores');
  const { stdout } = await system.cli('points');
  expect(stdout).toMatch(/a restore would take about \S+ \(by earlier restores\)/);
});

test('what the server keeps for the shipper is measured', async () => {
  const slot = await system.until(async () => (await status(system)).shippers[0]?.slot, 30_000);
  expect(slot.retainedBytes).toBeGreaterThanOrEqual(0);
  expect(slot).toMatchObject({ status: 'reserved', bytesLeft: expect.any(Number) });
  expect((await system.cli('status')).stdout).toContain('KEPT BY SERVER');
});
