/** WAL of another database system, and of a promoted copy, in an archive that is not theirs: named, set aside, never mixed in. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { isTrouble } from '../../domain/wal-ledger';
import type { WalArchive } from '../../repository/wal/archive';
import { type Keeping, keep } from '../components/postgres/wal/ledger/keeping';
import {
  emitWal,
  expectServersBytes,
  mib,
  openArchive,
  StoreFolder,
  until,
  untilStored,
  walCluster,
} from '../components/postgres/wal/shipping';
import { type Cluster, startCluster } from '../support/postgres-cluster';

let cluster: Cluster;
let stranger: Cluster;
let folder: StoreFolder;
let keeping: Keeping;
let archive: WalArchive;

beforeAll(async () => {
  cluster = await startCluster({ name: 'ours', ...walCluster });
  stranger = await startCluster({ name: 'theirs', ...walCluster });
  folder = new StoreFolder();
  keeping = keep(cluster, [folder.store]);
  await emitWal(stranger, 4);
  await emitWal(cluster, 8);
  await untilStored(cluster, keeping);
  await keeping.nextCheck();
  archive = await openArchive(folder.store, cluster);
});
afterAll(async () => {
  await keeping?.stop();
  await stranger?.destroy();
  await cluster?.destroy();
  folder?.drop();
});

/** A full segment from a server's own directory. */
function segmentOf(server: Cluster): Buffer {
  const pgWal = path.join(server.dataDir, 'pg_wal');
  const [name] = readdirSync(pgWal)
    .filter((one) => /^[0-9A-F]{24}$/.test(one))
    .sort();
  return readFileSync(path.join(pgWal, name as string));
}

async function quarantined(): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of folder.store.list('wal/')) if (key.includes('/quarantine/')) keys.push(key);
  return keys;
}

async function expectSound(): Promise<void> {
  await keeping.nextCheck();
  expect(keeping.findings().filter(isTrouble)).toEqual([]);
  await emitWal(cluster, 1);
  const lsn = await untilStored(cluster, keeping);
  await expectServersBytes(archive, cluster, 1, lsn);
}

test('a foreign segment where nothing was', async () => {
  const end = (await archive.intervals(1)).at(-1)?.to as bigint;
  await archive.putSegment(1, end / BigInt(mib) + 9n, segmentOf(stranger));
  await until('found', () => keeping.findings().some(({ fault }) => fault === 'foreign'));
  expect(keeping.findings()).toMatchObject([{ fault: 'foreign', state: 'set aside', timeline: 1 }]);
  expect(keeping.log.join('\n')).toContain('WAL of another database system lay among ours');
  expect(await quarantined()).toHaveLength(1);
  await expectSound();
});

test('a foreign segment in the place of one of ours', async () => {
  const [, victim] = (await archive.pieces(1)).filter(({ whole }) => whole);
  const { key = '', segment = 0n } = victim ?? {};
  await folder.store.delete([key]);
  await archive.putSegment(1, segment, segmentOf(stranger));
  await until('found', () => keeping.findings().filter(({ fault }) => fault === 'foreign').length === 2);
  await until('put back', () =>
    keeping.findings().some(({ fault, state }) => fault === 'missing' && state === 'healed'),
  );
  expect(await quarantined()).toHaveLength(2);
  await expectSound();
});

test('a segment that is no WAL at all', async () => {
  const end = (await archive.intervals(1)).at(-1)?.to as bigint;
  await archive.putSegment(1, end / BigInt(mib) + 9n, Buffer.alloc(mib, 0x55));
  await until('found', () => keeping.findings().some(({ fault }) => fault === 'altered'));
  expect(keeping.findings().find(({ fault }) => fault === 'altered')).toMatchObject({ state: 'set aside' });
  await expectSound();
});

test('the timeline of a copy that was promoted and writes into the archive', async () => {
  const own = segmentOf(cluster);
  await archive.putHistory(2, Buffer.from('1\t0/2000000\ta test restore\n'));
  // As it comes: the history first, and a look before there is anything else.
  await keeping.nextCheck();
  await archive.putSegment(2, own.readBigUInt64LE(8) / BigInt(mib), own);
  await until('found', () => keeping.findings().some(({ fault }) => fault === 'forked'));
  expect(keeping.findings().find(({ fault }) => fault === 'forked')).toMatchObject({
    state: 'set aside',
    timeline: 2,
  });
  expect(await archive.timelines()).toEqual([1]);
  expect(await archive.readHistory(2)).toBeUndefined();
  await expectSound();
  // The number is free for the server's own promotion.
  await keeping.nextCheck();
  expect(keeping.findings().filter(({ fault }) => fault === 'forked')).toHaveLength(1);
});
