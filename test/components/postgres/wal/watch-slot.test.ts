import { watchSlot } from '../../../../components/postgres/wal/watch-slot';
import type { SlotRoom } from '../../../../domain/slot-room';
import { type Cluster, startCluster } from '../../../support/postgres-cluster';
import { connectionOf } from './ledger/keeping';
import { emitWal, mib, until, walCluster } from './shipping';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster({ name: 'slot', ...walCluster });
  await cluster.psql(`select pg_create_physical_replication_slot('holdfast_test', true)`);
});
afterAll(() => cluster.destroy());

async function measured<T>(dataDir: string, look: (rooms: SlotRoom[]) => Promise<T>): Promise<T> {
  const rooms: SlotRoom[] = [];
  const controller = new AbortController();
  const watching = watchSlot({
    ...{ connection: connectionOf(cluster), slot: 'holdfast_test', dataDir, everyMs: 100, signal: controller.signal },
    onMeasured: (room) => rooms.push(room),
  });
  try {
    return await look(rooms);
  } finally {
    controller.abort();
    await watching;
  }
}

test('what is kept grows with what is written, and the disk bounds it', async () => {
  await measured(cluster.dataDir, async (rooms) => {
    await until('a first look', () => rooms.length > 0);
    const before = rooms[0]?.retainedBytes as number;
    await emitWal(cluster, 4);
    await until('grown', () => (rooms.at(-1)?.retainedBytes ?? 0) > before + 3 * mib);
    expect(rooms.at(-1)).toMatchObject({ status: 'reserved', bytesLeft: expect.any(Number) });
  });
});

test('a bound of slots is told, and that a slot was given up; a directory elsewhere bounds nothing', async () => {
  await measured('/nowhere', async (rooms) => {
    await until('a first look', () => rooms.length > 0);
    expect(rooms[0]?.bytesLeft).toBeUndefined();
    await cluster.psql(`alter system set max_slot_wal_keep_size = '16MB'`);
    await cluster.psql(`alter system set wal_keep_size = '0'`);
    await cluster.psql('select pg_reload_conf()');
    await until('bounded', () => rooms.at(-1)?.bytesLeft !== undefined);
    expect(rooms.at(-1)?.bytesLeft).toBeLessThanOrEqual(17 * mib);
    await emitWal(cluster, 24);
    await cluster.psql('checkpoint');
    await until('lost', () => rooms.at(-1)?.status === 'lost');
    expect(rooms.at(-1)?.retainedBytes).toBe(0);
  });
});

test('a rate after ten seconds, and hours', async () => {
  await cluster.psql(`alter system set max_slot_wal_keep_size = '1GB'`);
  await cluster.psql('select pg_reload_conf()');
  await cluster.psql(`select pg_drop_replication_slot('holdfast_test')`);
  await cluster.psql(`select pg_create_physical_replication_slot('holdfast_test', true)`);
  await measured('/nowhere', async (rooms) => {
    await until('a first look', () => rooms.length > 0);
    await emitWal(cluster, 4);
    await until('a rate', () => (rooms.at(-1)?.bytesPerSecond ?? 0) > 0, 20_000);
    const { bytesLeft = 0, bytesPerSecond = 0, hoursLeft = 0 } = rooms.at(-1) ?? {};
    expect(hoursLeft).toBeCloseTo(bytesLeft / bytesPerSecond / 3600, 5);
  });
});
