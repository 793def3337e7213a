import { formatLsn } from '../../../../../domain/lsn';
import { isTrouble } from '../../../../../domain/wal-ledger';
import type { ListedPiece } from '../../../../../repository/wal/listing';
import { removeWal } from '../../../../../repository/wal/remove';
import { type Cluster, startCluster } from '../../../../support/postgres-cluster';
import {
  emitWal,
  expectServersBytes,
  mib,
  openArchive,
  StoreFolder,
  until,
  untilStored,
  walCluster,
} from '../shipping';
import { type Keeping, keep, owner, wholes } from './keeping';

let cluster: Cluster;
let folder: StoreFolder;
let other: StoreFolder;
let keeping: Keeping[] = [];

beforeAll(async () => {
  cluster = await startCluster({ name: 'ledg', ...walCluster });
});
afterAll(() => cluster.destroy());

beforeEach(() => {
  folder = new StoreFolder();
  other = new StoreFolder();
});
afterEach(async () => {
  for (const one of keeping) await one.stop().catch(() => undefined);
  keeping = [];
  await cluster.psql('alter system reset all');
  await cluster.psql('select pg_reload_conf()');
  await cluster.psql(`select pg_drop_replication_slot(slot_name) from pg_replication_slots`);
  folder.drop();
  other.drop();
});

/** Follows the server when this returns: what is written from now on is shipped. */
async function begin(...args: Parameters<typeof keep>): Promise<Keeping> {
  const one = keep(...args);
  keeping.push(one);
  const following = 'select count(*) from pg_replication_slots where active';
  await until('the slot', async () => (await args[0].psql(following)) !== '0');
  return one;
}

test('under load nothing is found, and the ledger says where the server and the stores stand', async () => {
  const one = await begin(cluster, [folder.store, other.store]);
  await emitWal(cluster, 20);
  const lsn = await untilStored(cluster, one);
  const { ledgers, troubles } = await one.nextCheck();
  expect(troubles).toEqual([]);
  expect(one.findings()).toEqual([]);
  expect(ledgers.map(({ archive }) => archive.store.name)).toHaveLength(2);
  for (const { ledger } of ledgers) {
    expect(ledger.server?.lsn).toBeGreaterThanOrEqual(lsn);
    expect(ledger.stored).toMatchObject({ timeline: 1 });
    expect(ledger.stored?.lsn).toBeGreaterThanOrEqual(lsn);
    expect(ledger.timelines).toHaveLength(1);
  }
});

test('a deleted segment is put back from another store', async () => {
  const one = await begin(cluster, [folder.store, other.store]);
  await emitWal(cluster, 9);
  await untilStored(cluster, one);
  await one.nextCheck();
  const [, victim] = (await wholes(folder.store, cluster, 5)) as [ListedPiece, ListedPiece];
  await folder.store.delete([victim.key]);
  await until('found', () => one.findings().length > 0);
  const start = victim.segment * BigInt(mib);
  expect(one.findings()).toMatchObject([
    { fault: 'missing', state: 'healed', stretch: { from: start, to: start + BigInt(mib) }, note: 'from store hot' },
  ]);
  expect(one.log.join('\n')).toContain(`WAL is missing: ${formatLsn(start)} to`);
  const lsn = await untilStored(cluster, one);
  await one.stop();
  await expectServersBytes(await openArchive(folder.store, cluster), cluster, 1, lsn);
});

test('the first segment, whose loss leaves no hole between names, and a part, are put back from the server', async () => {
  const one = await begin(cluster, [folder.store]);
  await emitWal(cluster, 9);
  await untilStored(cluster, one);
  await one.nextCheck();
  const [victim] = (await wholes(folder.store, cluster, 5)) as [ListedPiece];
  const parts = (await (await openArchive(folder.store, cluster)).pieces(1)).filter(({ whole }) => !whole);
  await folder.store.delete([victim.key, ...parts.slice(0, 1).map(({ key }) => key)]);
  await until('found', () => one.findings().length > 0);
  await one.nextCheck();
  expect(one.findings().map(({ state, note }) => [state, note])).toContainEqual(['healed', 'from the server']);
  expect(one.findings().filter(isTrouble)).toEqual([]);
  const lsn = await untilStored(cluster, one);
  await one.stop();
  await expectServersBytes(await openArchive(folder.store, cluster), cluster, 1, lsn);
});

test('what retention removes under its eyes is missed by nobody, and not put back from the store that keeps it', async () => {
  const one = await begin(cluster, [folder.store, other.store], { everyMs: 20 });
  await emitWal(cluster, 12);
  await untilStored(cluster, one);
  await one.nextCheck();
  const [, , third, , fifth] = await wholes(folder.store, cluster, 9);
  const archive = await openArchive(folder.store, cluster);
  for (const segment of [third?.segment, fifth?.segment]) {
    const windows = [{ timeline: 1, from: (segment ?? 0n) * BigInt(mib) + 5n }];
    const removed = await removeWal({ store: folder.store }, archive, { windows, spans: [], remover: 'sweep' });
    expect(removed.objects).toBeGreaterThan(1);
    await emitWal(cluster, 1);
    const { troubles } = await one.nextCheck();
    expect([troubles, one.findings()]).toEqual([[], []]);
  }
  const from = (fifth?.segment ?? 0n) * BigInt(mib);
  const begins = one.checked()?.ledgers.map(({ ledger }) => ledger.timelines[0]?.held[0]?.from);
  const all = (await (await openArchive(other.store, cluster)).intervals(1))[0]?.from;
  expect(new Set(begins)).toEqual(new Set([all, from]));
  const lsn = await untilStored(cluster, one);
  await one.stop();
  expect(await expectServersBytes(await openArchive(folder.store, cluster), cluster, 1, lsn)).toBe(from);
});

test('what nobody has any more is lost: it stays named, and is looked for again', async () => {
  const one = await begin(cluster, [folder.store]);
  await emitWal(cluster, 9);
  await untilStored(cluster, one);
  await one.nextCheck();
  const [, victim] = (await wholes(folder.store, cluster, 5)) as [ListedPiece, ListedPiece];
  const bytes = await folder.store.get(victim.key);
  await cluster.psql(`alter system set wal_keep_size = '0'`);
  await cluster.psql('select pg_reload_conf()');
  for (let round = 0; round < 3; round++) {
    await emitWal(cluster, 4);
    await untilStored(cluster, one);
    await cluster.psql('checkpoint');
  }
  await until('the server has removed it', async () => {
    const names = await cluster.psql(
      `select count(*) from pg_ls_waldir() where name = '${victim.key.split('/').at(-1)}'`,
    );
    return names === '0';
  });
  await folder.store.delete([victim.key]);
  await until('lost', () => one.findings().some(({ state }) => state === 'lost'));
  expect(one.checked()?.troubles).toEqual([expect.stringContaining('nobody has it any more')]);
  await folder.store.put(victim.key, bytes);
  await until('seen again', () => one.findings().every((finding) => !isTrouble(finding)));
});

test('an altered segment is read at once, set aside and replaced', async () => {
  const one = await begin(cluster, [folder.store]);
  await emitWal(cluster, 12);
  await untilStored(cluster, one);
  await one.nextCheck();
  const [, victim] = (await wholes(folder.store, cluster, 5)) as [ListedPiece, ListedPiece];
  const bytes = await folder.store.get(victim.key);
  bytes[bytes.length - 100] = (bytes[bytes.length - 100] as number) ^ 1;
  await new Promise((resolve) => setTimeout(resolve, 10));
  await folder.store.put(victim.key, bytes);
  await until('found', () => one.findings().length > 0);
  expect(one.findings()).toMatchObject([
    { fault: 'altered', state: 'healed', key: victim.key, note: 'from the server' },
  ]);
  const lsn = await untilStored(cluster, one);
  await one.stop();
  await expectServersBytes(await openArchive(folder.store, cluster), cluster, 1, lsn);
  const kept: string[] = [];
  for await (const { key } of folder.store.list('wal/')) if (key.includes('/quarantine/')) kept.push(key);
  expect(kept).toHaveLength(1);
});

test('what was altered before anybody kept a ledger is found within a round', async () => {
  const first = await begin(cluster, [folder.store]);
  await emitWal(cluster, 9);
  await untilStored(cluster, first);
  await first.stop();
  const [, victim] = (await wholes(folder.store, cluster, 5)) as [ListedPiece, ListedPiece];
  const bytes = await folder.store.get(victim.key);
  await folder.store.put(victim.key, Buffer.concat([bytes.subarray(0, 400), Buffer.alloc(16), bytes.subarray(416)]));
  const second = await begin(cluster, [folder.store], { roundMs: 3000 });
  await until('found', () => second.findings().length > 0);
  expect(second.findings()).toMatchObject([{ fault: 'altered', key: victim.key }]);
});

test('what a rewound server contradicts is set aside by the receiver, and not missed by the ledger', async () => {
  const first = await begin(cluster, [folder.store]);
  await emitWal(cluster, 3);
  await untilStored(cluster, first);
  await first.nextCheck();
  await first.stop();
  const archive = await openArchive(folder.store, cluster);
  const end = (await archive.intervals(1)).at(-1)?.to as bigint;
  const ahead = (end / BigInt(mib) + 30n) * BigInt(mib);
  for (let at = end; at < ahead; ) {
    const next = (at / BigInt(mib) + 1n) * BigInt(mib);
    await archive.putPart(1, at, Buffer.alloc(Number(next - at), 0x66));
    at = next;
  }
  const second = await begin(cluster, [folder.store]);
  await emitWal(cluster, 1);
  const lsn = await untilStored(cluster, second);
  expect(second.log.join()).toContain('rewound');
  await second.nextCheck();
  expect(second.findings()).toEqual([]);
  await second.stop();
  await expectServersBytes(archive, cluster, 1, lsn);
});

test('where two components ship one system, neither ledger minds what the other stores', async () => {
  const standby = await cluster.standby({ name: 'second' });
  const one = await begin(cluster, [folder.store]);
  const other = await begin(standby, [folder.store], {}, { ...owner, component: 'standby' });
  await emitWal(cluster, 12);
  await untilStored(cluster, one);
  await one.nextCheck();
  await other.nextCheck();
  expect([...one.findings(), ...other.findings()]).toEqual([]);
  await other.stop();
  await standby.destroy();
});
