/** Files as a real server hands them to its archiver, stored one by one, and what must not be stored. */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readControlFile } from '../../../../../components/postgres/pg-control';
import { archivedFile, assertOwnSegment, type Server } from '../../../../../components/postgres/wal/push/archived-file';
import { push } from '../../../../../components/postgres/wal/push/push';
import { parseInstant } from '../../../../../domain/instant';
import { parseLsn } from '../../../../../domain/lsn';
import { announcedTimelines } from '../../../../../repository/wal/announced';
import { WalArchive } from '../../../../../repository/wal/archive';
import { testObjects } from '../../../../repository/wal/test-objects';
import { type Cluster, startCluster } from '../../../../support/postgres-cluster';
import {
  emitWal,
  expectServersBytes,
  mib,
  StoreFolder,
  startReceiver,
  until,
  untilStored,
  walCluster,
} from '../shipping';

/** Everything waits: it is pushed by the tests. */
const waiting = { ...walCluster.conf, archive_mode: 'on', archive_command: '/bin/false' };
let primary: Cluster;
let folder: StoreFolder;

beforeAll(async () => {
  primary = await startCluster({ name: 'push', ...walCluster, conf: waiting });
  await primary.psql('create table ledger (n int)');
});
beforeEach(() => {
  folder = new StoreFolder();
});
afterEach(() => folder.drop());
afterAll(() => primary?.destroy());

function serverOf({ dataDir }: Cluster): Server {
  const { systemIdentifier, walSegmentSize: segmentSize } = readControlFile(dataDir);
  return { systemIdentifier, segmentSize, major: Number(readFileSync(path.join(dataDir, 'PG_VERSION'), 'utf8')) };
}

async function open(cluster = primary): Promise<WalArchive> {
  const owner = { system: 'sys', site: 'dc01', component: 'database' };
  return await WalArchive.begin(testObjects(folder.store), folder.store, serverOf(cluster), owner);
}

const inWal = ({ dataDir }: Cluster, name: string) => path.join(dataDir, 'pg_wal', name);

function readyOf(cluster: Cluster): string[] {
  const names = readdirSync(inWal(cluster, 'archive_status'));
  return names
    .filter((name) => name.endsWith('.ready'))
    .map((name) => name.slice(0, -'.ready'.length))
    .sort();
}

/** What the server's archiver would do, in its order. */
async function pushAll(cluster: Cluster, archive: WalArchive): Promise<void> {
  const names = readyOf(cluster).sort((a, b) => Number(b.endsWith('.history')) - Number(a.endsWith('.history')));
  for (const name of names) await push({ file: inWal(cluster, name), server: serverOf(cluster), archives: [archive] });
}

async function newSegment(): Promise<string> {
  await primary.psql('insert into ledger values (1)');
  const name = await primary.psql('select pg_walfile_name(pg_switch_wal())');
  await until('ready', () => readyOf(primary).includes(name));
  return name;
}

test('a segment is stored byte for byte, and once more is no harm; other bytes are a conflict', async () => {
  const name = await newSegment();
  const archive = await open();
  const file = inWal(primary, name);
  const order = { file, server: serverOf(primary), archives: [archive] };
  await Promise.all([push(order), push(order)]);
  await push(order);
  const { timeline, segment } = archivedFile(name, mib) as { timeline: number; segment: bigint };
  expect((await archive.fetchSegment(timeline, segment))?.bytes.equals(readFileSync(file))).toBe(true);
  const changed = elsewhere(name, (bytes) => bytes.writeUInt8((bytes[5000] ?? 0) ^ 1, 5000));
  await expect(push({ ...order, file: changed })).rejects.toMatchObject({ code: 'wal_conflict' });
});

/** A file of that name in another place, with something changed. */
function elsewhere(name: string, change: (bytes: Buffer) => unknown, from = primary): string {
  const dir = path.join(folder.dir, `copy-${Math.random()}`);
  mkdirSync(dir);
  const file = path.join(dir, name);
  copyFileSync(inWal(from, name), file);
  const bytes = readFileSync(file);
  change(bytes);
  writeFileSync(file, bytes);
  return file;
}

test.each<[string, string, (bytes: Buffer) => unknown]>([
  ['of another system', 'wrong_system', (bytes) => bytes.writeBigUInt64LE(4711n, 24)],
  ['of another major version', 'wrong_version', (bytes) => bytes.writeUInt16LE(0xd106, 0)],
  ['that were never written under their name', 'source_unreadable', (bytes) => bytes.writeBigUInt64LE(0n, 8)],
  ['of a later timeline', 'source_unreadable', (bytes) => bytes.writeUInt32LE(9, 4)],
  ['of nothing', 'source_unreadable', (bytes) => bytes.fill(0)],
])('segments %s are refused, and nothing is stored', async (_, code, change) => {
  const file = elsewhere(await newSegment(), change);
  const archive = await open();
  await expect(push({ file, server: serverOf(primary), archives: [archive] })).rejects.toMatchObject({ code });
  expect(await archive.pieces(1)).toEqual([]);
});

test('short files, and names that no archiver uses, are refused', () => {
  const server = serverOf(primary);
  const what = archivedFile('000000010000000000000001', mib);
  expect(() => assertOwnSegment(Buffer.alloc(100), what as never, server)).toThrow(/no whole WAL segment/);
  expect(() => archivedFile('postgresql.conf', mib)).toThrow(/no name of a file/);
});

test('what waits behind the segment is stored with it, in a row', async () => {
  const first = await newSegment();
  await emitWal(primary, 4);
  await until('waiting', () => readyOf(primary).filter((name) => name > first).length >= 3);
  const archive = await open();
  const order = { file: inWal(primary, first), server: serverOf(primary), archives: [archive], ahead: 3 };
  const behind = await push(order);
  expect(behind).toHaveLength(3);
  expect((await archive.intervals(1)).map(({ from, to }) => Number(to - from))).toEqual([4 * mib]);
});

test('the clock is covered up to the last transaction in what was pushed, and only forward', async () => {
  const first = await newSegment();
  const at = parseInstant(
    await primary.psql(`insert into ledger values (2);
      select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`),
  );
  const second = await newSegment();
  const archive = await open();
  const order = { server: serverOf(primary), archives: [archive] };
  await push({ ...order, file: inWal(primary, second) });
  const mark = await archive.readCoverage(1);
  expect(mark?.serverTime).toBeGreaterThan(at - 1_000_000n);
  expect(mark?.since).toBeDefined();
  const end = parseLsn(await primary.psql('select pg_current_wal_flush_lsn()'));
  expect(mark?.lsn).toBeLessThanOrEqual(end);
  await push({ ...order, file: inWal(primary, first) });
  expect(await archive.readCoverage(1)).toEqual(mark);
});

test('parts that were streamed before agree with the segment, and go', async () => {
  const receiver = startReceiver(primary, [folder.store]);
  await until('streaming', () => receiver.progress()?.state === 'streaming');
  await primary.psql('insert into ledger values (3)');
  await untilStored(primary, receiver);
  await receiver.stop();
  const name = await newSegment();
  const archive = await open();
  const { segment } = archivedFile(name, mib) as { segment: bigint };
  const partsOf = async () => (await archive.pieces(1, segment)).filter((one) => one.segment === segment && !one.whole);
  expect((await partsOf()).length).toBeGreaterThan(0);
  const order = { server: serverOf(primary), archives: [archive] };
  const changed = elsewhere(name, (bytes) => bytes.writeUInt8((bytes[100] ?? 0) ^ 1, 100));
  await expect(push({ ...order, file: changed })).rejects.toMatchObject({ code: 'wal_conflict' });
  await push({ ...order, file: inWal(primary, name) });
  expect(await partsOf()).toEqual([]);
});

test('a promotion: histories, the partial end of the old timeline, labels of backups; nothing is missing on the way', async () => {
  const standby = await primary.standby({ conf: waiting });
  await primary.psql('insert into ledger values (4)');
  const lsn = await primary.psql('select pg_current_wal_flush_lsn()');
  await until('replayed', async () => (await standby.psql(`select pg_last_wal_replay_lsn() >= '${lsn}'`)) === 't');
  await standby.promote();
  await standby.psql('insert into ledger values (5)');
  await standby.psql(`select pg_backup_start('labelled', true); select pg_backup_stop(false)`);
  await standby.psql('insert into ledger values (6)');
  const last = await standby.psql('select pg_walfile_name(pg_switch_wal())');
  await until('ready', () => readyOf(standby).includes(last));
  const names = readyOf(standby);
  expect(names).toContain('00000002.history');
  expect(names.some((name) => name.endsWith('.partial'))).toBe(true);
  expect(names.some((name) => name.endsWith('.backup'))).toBe(true);
  const archive = await open();
  await pushAll(standby, archive);
  await pushAll(standby, archive);
  // A receiver that takes over would set aside what is on a timeline that nobody of ours was on.
  expect(await announcedTimelines(archive.ledgerPlace)).toEqual(new Set([1, 2]));
  const [, fork] = await archive.timelinePath(2);
  const [old] = await archive.intervals(1);
  // Whatever of the old timeline was stored ends where the new one begins.
  expect(old?.to).toBe(fork?.from);
  await expectServersBytes(archive, standby, 2, fork?.from ?? 0n);
});
