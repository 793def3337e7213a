/** Healing while the receiver writes, and healing that is cut. */
import { isTrouble } from '../../../../../domain/wal-ledger';
import { openStore } from '../../../../../repository/stores/open';
import { type Cluster, startCluster } from '../../../../support/postgres-cluster';
import { type S3Server, startS3Server } from '../../../../support/s3-server';
import { emitWal, expectServersBytes, openArchive, StoreFolder, until, untilStored, walCluster } from '../shipping';
import { TroubledStore } from '../troubled-store';
import { type Keeping, keep, owner, wholes } from './keeping';

let cluster: Cluster;
let folder: StoreFolder;
let keeping: Keeping | undefined;

beforeAll(async () => {
  cluster = await startCluster({ name: 'heal', ...walCluster });
  await cluster.pgbench(['-i', '-q', '-s', '1']);
});
afterAll(() => cluster.destroy());

beforeEach(() => {
  folder = new StoreFolder();
});
afterEach(async () => {
  await keeping?.stop().catch(() => undefined);
  await cluster.psql(`select pg_drop_replication_slot(slot_name) from pg_replication_slots`);
  folder.drop();
});

/** Repeatable, so that a failure can be looked into. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor((state / 2147483648) * sides);
  };
}

test.each([1, 2, 3])(
  'whatever vanishes under load, also of the segment that is being written: nothing is missing in the end (%i)',
  async (seed) => {
    const other = new StoreFolder();
    const roll = dice(seed);
    try {
      const stores = [folder, other];
      const one = keep(
        cluster,
        stores.map(({ store }) => store),
      );
      keeping = one;
      await untilStored(cluster, one);
      const load = cluster.pgbench(['-n', '-c', '4', '-T', '8']);
      let running = true;
      const ended = load.finally(() => {
        running = false;
      });
      let removed = 0;
      while (running) {
        const { store } = stores[roll(2)] as StoreFolder;
        const pieces = await (await openArchive(store, cluster)).pieces(1);
        const victim = pieces[roll(3) === 0 ? pieces.length - 1 : roll(pieces.length)];
        if (victim) await store.delete([victim.key]);
        removed++;
        await new Promise((resolve) => setTimeout(resolve, 150 + roll(300)));
      }
      await ended;
      expect(removed).toBeGreaterThan(2);
      await emitWal(cluster, 2);
      const lsn = await untilStored(cluster, one);
      await one.nextCheck();
      await until('healed', () => one.findings().every((finding) => !isTrouble(finding)));
      await one.nextCheck();
      expect(one.findings().some(({ state }) => state === 'healed')).toBe(true);
      await one.stop();
      for (const { store } of stores) await expectServersBytes(await openArchive(store, cluster), cluster, 1, lsn);
    } finally {
      other.drop();
    }
  },
  60_000,
);

test('a replacement that was cut after the altered object was set aside is made up for', async () => {
  const inner = folder.store;
  const store = new TroubledStore(inner);
  const one = keep(cluster, [store]);
  keeping = one;
  await emitWal(cluster, 10);
  await untilStored(cluster, one);
  await one.nextCheck();
  const [, victim] = await wholes(inner, cluster, 7);
  const key = victim?.key ?? '';
  const bytes = await inner.get(key);
  store.refuses = (name) => name.includes('/segments/') && !name.includes('/quarantine/');
  await inner.put(key, Buffer.concat([bytes.subarray(0, -40), Buffer.alloc(40)]));
  await until('set aside', async () => (await inner.head(key)) === undefined);
  await one.nextCheck();
  expect(one.checked()?.troubles).toHaveLength(1);
  store.refuses = () => false;
  await until('healed', async () => (await inner.head(key)) !== undefined);
  const lsn = await untilStored(cluster, one);
  await one.nextCheck();
  expect(one.findings().filter(isTrouble)).toEqual([]);
  await one.stop();
  await expectServersBytes(await openArchive(inner, cluster), cluster, 1, lsn);
});

test('a store beyond the quorum that was away is filled, and not said to have lost what it never had', async () => {
  const other = new StoreFolder();
  try {
    const away = new TroubledStore(other.store);
    const one = keep(cluster, [folder.store, away], {}, owner, { quorum: 1 });
    keeping = one;
    await emitWal(cluster, 6);
    await untilStored(cluster, one);
    await one.nextCheck();
    away.failing = true;
    await emitWal(cluster, 12);
    await untilStored(cluster, one);
    await one.nextCheck();
    away.failing = false;
    await emitWal(cluster, 4);
    const lsn = await untilStored(cluster, one);
    const filled = await openArchive(other.store, cluster);
    const whole = async () => {
      const [first, ...more] = await filled.intervals(1);
      return more.length === 0 && (first?.to ?? 0n) >= lsn;
    };
    await until('filled', whole, 60_000);
    await one.nextCheck();
    expect(one.findings().filter(isTrouble)).toEqual([]);
    await one.stop();
    for (const { store } of [folder, other]) {
      await expectServersBytes(await openArchive(store, cluster), cluster, 1, lsn);
    }
  } finally {
    other.drop();
  }
}, 120_000);

describe('in S3', () => {
  let s3: S3Server;
  beforeAll(async () => {
    s3 = await startS3Server();
  });
  afterAll(() => s3?.stop());

  test('a deleted and an altered segment are put back', async () => {
    const { endpoint, bucket, accessKeyId, secretAccessKey } = s3;
    const region = 'us-east-1';
    const store = openStore('warm', { kind: 's3', endpoint, bucket, region, accessKeyId, secretAccessKey });
    const one = keep(cluster, [store]);
    keeping = one;
    await emitWal(cluster, 12);
    await untilStored(cluster, one);
    await one.nextCheck();
    const [, first, second] = await wholes(store, cluster, 8);
    await store.delete([first?.key ?? '']);
    const bytes = await store.get(second?.key ?? '');
    await store.put(second?.key ?? '', Buffer.concat([bytes.subarray(0, -40), Buffer.alloc(40)]));
    await until('found', () => one.findings().length >= 2);
    await one.nextCheck();
    expect(
      one
        .findings()
        .map(({ fault, state }) => [fault, state])
        .sort(),
    ).toEqual([
      ['altered', 'healed'],
      ['missing', 'healed'],
    ]);
    const lsn = await untilStored(cluster, one);
    await one.stop();
    await expectServersBytes(await openArchive(store, cluster), cluster, 1, lsn);
    await store.close();
  });
});
