/** A slot that its server was told to bound, and gave up: the interval ends, shipping goes on, a new backup begins by itself. */
import { TestSystem } from '../support/system';
import { backups, emit, points, ship, smallWal, status, watchful } from './protected';

let system: TestSystem;

afterEach(() => system?.destroy());

async function protect(store: 'dir' | 's3'): Promise<void> {
  system = await TestSystem.create({ ...smallWal, store });
}

/** The server keeps no more than it is told to, however much we lack. */
async function bounded(megabytes: number): Promise<void> {
  await set(`max_slot_wal_keep_size = '${megabytes}MB'`);
  await set(`wal_keep_size = '0'`);
}

async function set(what: string): Promise<void> {
  await system.cluster.psql(`alter system set ${what}`);
  await system.cluster.psql('select pg_reload_conf()');
}

async function untilGivenUp(): Promise<void> {
  await system.cluster.psql('checkpoint');
  const look = 'select wal_status from pg_replication_slots';
  await system.until(async () => ((await system.cluster.psql(look)) === 'lost' ? true : undefined), 30_000);
  await set(`max_slot_wal_keep_size = '-1'`);
}

/** What is told, and what happens by itself. */
async function expectNewBeginning(): Promise<void> {
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
}

test('given up while nobody shipped: shipping, a gap that is told, and a backup behind it', async () => {
  await protect('dir');
  const first = await system.up();
  expect((await system.procedure('backup', '--component', 'database')).error).toBeUndefined();
  await ship(system, 2);
  await first.stop();
  await bounded(2);
  await emit(system, 12);
  await untilGivenUp();
  const second = await system.up(watchful);
  await expectNewBeginning();
  await second.stop();
}, 300_000);

test('given up under a receiver whose store is away: the same when the store is back', async () => {
  await protect('s3');
  const up = await system.up(watchful);
  expect((await system.procedure('backup', '--component', 'database')).error).toBeUndefined();
  await ship(system, 2);
  await bounded(4);
  await system.s3?.kill();
  await emit(system, 24);
  await untilGivenUp();
  await system.s3?.restart();
  await expectNewBeginning();
  await up.stop();
}, 300_000);
