/** A slot that its server was told to bound, and gave up: the interval ends, shipping goes on, a new backup begins by itself. */
import { TestSystem } from '../support/system';
import { backups, emit, points, ship, smallWal, status } from './protected';

let system: TestSystem;

beforeAll(async () => {
  system = await TestSystem.create(smallWal);
}, 60_000);
afterAll(() => system?.destroy());

test('shipping, a gap that is told, and a backup behind it', async () => {
  const first = await system.up();
  expect((await system.procedure('backup', '--component', 'database')).error).toBeUndefined();
  await ship(system, 2);
  await first.stop();
  await system.cluster.psql(`alter system set max_slot_wal_keep_size = '2MB'`);
  await system.cluster.psql(`alter system set wal_keep_size = '0'`);
  await system.cluster.psql('select pg_reload_conf()');
  await emit(system, 12);
  await system.cluster.psql('checkpoint');
  const look = 'select wal_status from pg_replication_slots';
  await system.until(async () => ((await system.cluster.psql(look)) === 'lost' ? true : undefined), 30_000);
  await system.cluster.psql('alter system reset max_slot_wal_keep_size');
  await system.cluster.psql('select pg_reload_conf()');

  const second = await system.up();
  const seen = await system.until(async () => {
    const now = await status(system);
    return now.problems.some((one) => one.includes('WAL is missing')) ? now : undefined;
  }, 60_000);
  expect(seen.code).toBe(1);
  expect(seen.problems).toContainEqual(expect.stringContaining('nobody has it any more'));
  await system.until(async () => {
    const list = await backups(system);
    return list.length === 2 && list[1]?.status === 'completed' ? true : undefined;
  }, 120_000);
  await ship(system, 1);
  const { gaps, intervals } = await points(system);
  expect(gaps).toHaveLength(1);
  expect(intervals.map((one) => one.backups)).toEqual((await backups(system)).map(({ id }) => [id]));
  await second.stop();
}, 300_000);
