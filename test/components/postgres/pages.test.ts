import { readFileSync } from 'node:fs';
import path from 'node:path';
import { checkPages } from '../../../components/postgres/page-checksum';
import { controlFileIsWhole, parseControlFile, readControlFile } from '../../../components/postgres/pg-control';
import { type Cluster, startCluster } from '../../support/postgres-cluster';

let cluster: Cluster;
let relation: Buffer;
const everything = 'FFFFFFFF/FFFFFFFF';

beforeAll(async () => {
  cluster = await startCluster({ name: 'page' });
  await cluster.psql(`create table t as select g, md5(g::text) m from generate_series(1, 20000) g`);
  await cluster.psql('checkpoint');
  relation = readFileSync(path.join(cluster.dataDir, await cluster.psql(`select pg_relation_filepath('t')`)));
});
afterAll(() => cluster.destroy());

test('pages as PostgreSQL wrote them are right, at any alignment', () => {
  expect(relation.length).toBeGreaterThan(100 * 8192);
  expect(checkPages(relation, relation.length, 0, 8192, everything)).toEqual([]);
  const odd = Buffer.concat([Buffer.alloc(1), relation]).subarray(1);
  expect(checkPages(odd, odd.length, 0, 8192, everything)).toEqual([]);
});

test('a page in another place than its own is wrong', () => {
  expect(checkPages(relation, 8192 * 3, 131072, 8192, everything)).toEqual([131072, 131073, 131074]);
});

test('one flipped bit anywhere in a page is found, by block', () => {
  for (const at of [9, 20, 4000, 8191]) {
    const damaged = Buffer.from(relation);
    damaged[7 * 8192 + at] = (damaged[7 * 8192 + at] as number) ^ 1;
    expect(checkPages(damaged, damaged.length, 0, 8192, everything)).toEqual([7]);
  }
});

test('judging leaves the bytes as they were', () => {
  const before = Buffer.from(relation);
  checkPages(relation, relation.length, 0, 8192, everything);
  expect(relation.equals(before)).toBe(true);
});

test('pages changed since the start of the backup are not judged', () => {
  const damaged = Buffer.from(relation);
  damaged[8192 + 5000] = (damaged[8192 + 5000] as number) ^ 1;
  const lsn = `${damaged.readUInt32LE(8192).toString(16)}/${damaged.readUInt32LE(8196).toString(16)}`;
  expect(checkPages(damaged, damaged.length, 0, 8192, lsn)).toEqual([]);
  expect(checkPages(damaged, damaged.length, 0, 8192, everything)).toEqual([1]);
});

test('an all-zero page is new, an almost all-zero page is damage', () => {
  const pages = Buffer.alloc(16384);
  pages[8192 + 6000] = 1;
  expect(checkPages(pages, pages.length, 0, 8192, everything)).toEqual([1]);
});

test('the control file says what pg_controldata says', async () => {
  const text = await cluster.program('pg_controldata', ['-D', cluster.dataDir]);
  const said = (label: string) => new RegExp(`^${label}: +(.*)$`, 'm').exec(text)?.[1];
  const control = readControlFile(cluster.dataDir);
  expect(control).toEqual({
    systemIdentifier: said('Database system identifier'),
    controlVersion: Number(said('pg_control version number')),
    catalogVersion: Number(said('Catalog version number')),
    state: said('Database cluster state'),
    redoLsn: said(`Latest checkpoint's REDO location`),
    timeline: Number(said(`Latest checkpoint's TimeLineID`)),
    minRecoveryLsn: said('Minimum recovery ending location'),
    pageSize: Number(said('Database block size')),
    relationSegmentBlocks: Number(said('Blocks per segment of large relation')),
    walSegmentSize: Number(said('Bytes per WAL segment')),
    dataChecksums: said('Data page checksum version') === '1',
    walLevel: said('wal_level setting'),
    settings: {
      max_connections: Number(said('max_connections setting')),
      max_worker_processes: Number(said('max_worker_processes setting')),
      max_wal_senders: Number(said('max_wal_senders setting')),
      max_prepared_transactions: Number(said('max_prepared_xacts setting')),
      max_locks_per_transaction: Number(said('max_locks_per_xact setting')),
    },
  });
});

test('a torn control file is not whole', () => {
  const bytes = readFileSync(path.join(cluster.dataDir, 'global/pg_control'));
  expect(controlFileIsWhole(bytes)).toBe(true);
  bytes[200] = (bytes[200] as number) ^ 0xff;
  expect(controlFileIsWhole(bytes)).toBe(false);
  expect(() => parseControlFile(bytes)).toThrow(expect.objectContaining({ code: 'wrong_data_directory' }));
  expect(controlFileIsWhole(Buffer.alloc(8192))).toBe(false);
});
