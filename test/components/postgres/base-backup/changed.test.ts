/** What changed since an earlier backup, as the server tells it (PostgreSQL 17 and newer), and the form in which it does. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { ownPath, readChanged } from '../../../../components/postgres/base-backup/changed-blocks';
import { manifestParts, type PriorBackup } from '../../../../components/postgres/base-backup/prior-manifest';
import { BaseBackupStream } from '../../../../components/postgres/base-backup/stream';
import { clientConfig } from '../../../../components/postgres/conninfo';
import { giveTo, ownerOf } from '../../../../components/postgres/owner';
import { ReplicationConnection } from '../../../../components/postgres/wal/replication';
import type { Extent } from '../../../../domain/blocks';
import { pathBytes, type TreeEntry } from '../../../../domain/tree';
import { type Cluster, startCluster } from '../../../support/postgres-cluster';
import { scratchBase } from '../../../support/postgres-host';
import { copyByStream, type StreamedCopy } from '../copy-by-stream';

const page = 8192;
const stamp = { ino: '0', mtimeNs: '0', ctimeNs: '0' };
const named = (name: string, size: number): TreeEntry => ({
  ...{ root: 'data', path: name, type: 'file', mode: 0o600, uid: 1, gid: 1, size, ...stamp },
});

describe('a file of changed blocks', () => {
  function incremental(blocks: number[], length: number): Buffer {
    const head = Buffer.alloc(12 + 4 * blocks.length);
    head.writeUInt32LE(0xd3ae1f0d, 0);
    head.writeUInt32LE(blocks.length, 4);
    head.writeUInt32LE(length, 8);
    for (const [at, block] of blocks.entries()) head.writeUInt32LE(block, 12 + 4 * at);
    const padded =
      blocks.length === 0 ? head : Buffer.concat([head, Buffer.alloc(page - (head.length % page || page))]);
    return Buffer.concat([padded, ...blocks.map((block) => Buffer.alloc(page, block))]);
  }

  async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }

  async function read(bytes: Buffer, size = 5000) {
    const entry = named('base/5/INCREMENTAL.1259', bytes.length);
    const changed = await readChanged(entry, ownPath(entry) as Buffer, pieces(bytes, size), page);
    const parts: Buffer[] = [];
    for await (const part of changed.body) parts.push(part);
    return { ...changed, bytes: Buffer.concat(parts) };
  }

  test.each([7, 5000, 100_000])('becomes the file and its stretches, in pieces of %i bytes', async (size) => {
    const { entry, extents, bytes } = await read(incremental([1, 2, 5], 9), size);
    expect(entry).toMatchObject({ path: 'base/5/1259', size: 9 * page });
    expect(extents).toEqual([
      { offset: page, length: 2 * page },
      { offset: 5 * page, length: page },
    ]);
    expect(bytes.equals(Buffer.concat([1, 2, 5].map((block) => Buffer.alloc(page, block))))).toBe(true);
  });

  test('is as long as its last block where the server says less, and empty of blocks where nothing changed', async () => {
    expect((await read(incremental([4], 2))).entry.size).toBe(5 * page);
    expect(await read(incremental([], 3))).toMatchObject({ entry: { size: 3 * page }, extents: [] });
  });

  test('with so many blocks that their numbers fill a page', async () => {
    const blocks = Array.from({ length: 2045 }, (_, at) => at * 2);
    const { extents, bytes } = await read(incremental(blocks, 1), 65_536);
    expect(extents).toHaveLength(2045);
    expect(bytes.length).toBe(2045 * page);
  });

  test.each([
    ['another magic', Buffer.alloc(12)],
    ['more blocks than bytes', incremental([1, 2], 3).subarray(0, 2 * page)],
    ['an end too early', incremental([1], 3).subarray(0, 10)],
  ])('is refused with %s', async (_what, bytes) => {
    await expect(read(bytes)).rejects.toMatchObject({ code: 'source_unreadable' });
  });

  test('has a name of its own only in its last part', () => {
    expect(ownPath(named('INCREMENTAL.x/1259', 1))).toBeUndefined();
    expect(String(ownPath(named('INCREMENTAL.1259', 1)))).toBe('1259');
  });
});

test('the manifest of a prior backup is what a server would have written, without checksums', () => {
  const prior: PriorBackup = {
    ...{ systemIdentifier: '7300000000000000001', timeline: 3, startLsn: '0/2000028', stopLsn: '0/2000100' },
    files: [
      { path: Buffer.from('base/5/"1'), size: 3 },
      { path: Buffer.from([0xff]), size: 4 },
    ],
  };
  const text = [...manifestParts(prior)].join('');
  expect(text).toContain('"System-Identifier": 7300000000000000001,');
  expect(JSON.parse(text)).toMatchObject({
    'PostgreSQL-Backup-Manifest-Version': 2,
    Files: [
      { Path: 'base/5/"1', Size: 3 },
      { 'Encoded-Path': 'ff', Size: 4 },
    ],
    'WAL-Ranges': [{ Timeline: 3, 'Start-LSN': '0/2000028', 'End-LSN': '0/2000100' }],
    'Manifest-Checksum': expect.stringMatching(/^[0-9a-f]{64}$/),
  });
});

describe('on a server that summarises its WAL', () => {
  let cluster: Cluster;
  let dir: string;
  let first: StreamedCopy;

  beforeAll(async () => {
    const binDir = process.env['HOLDFAST_TEST_PG17'];
    if (binDir === undefined) throw new Error('HOLDFAST_TEST_PG17 names no programs: node scripts/part.mjs postgres17');
    cluster = await startCluster({ name: 'bbc', binDir, conf: { summarize_wal: 'on' } });
    dir = mkdtempSync(path.join(scratchBase(), 'hf-bbc-'));
    giveTo(ownerOf(cluster.dataDir), dir);
    await cluster.psql(`create table big as select g as id, md5(g::text) m from generate_series(1, 100000) g;
      create table still as select g as id, md5(g::text) m from generate_series(1, 100000) g; vacuum big; vacuum still; checkpoint`);
    const root = path.join(dir, 'first');
    mkdirSync(root);
    first = await copyByStream(clientConfig(cluster.conninfo), () => root, ownerOf(cluster.dataDir));
    await cluster.psql('update big set m = m where id = 70000; checkpoint');
  });
  afterAll(async () => {
    await cluster?.destroy();
    if (dir !== undefined) rmSync(dir, { recursive: true, force: true });
  });

  const prior = (): PriorBackup => {
    const { systemIdentifier, timeline, startLsn, stopLsn } = first.facts;
    const files = first.entries.filter(({ type }) => type === 'file');
    const all = files.map(({ path: name, size }) => ({ path: pathBytes(name), size }));
    return { systemIdentifier, timeline, startLsn, stopLsn, files: all };
  };

  async function changedSince(before: PriorBackup) {
    const connection = await ReplicationConnection.open(clientConfig(cluster.conninfo), 'holdfast/test/2');
    try {
      const stream = await BaseBackupStream.beginUpon(connection, 'test', before, page);
      const files = new Map<string, { size: number; extents?: Extent[]; bytes: Buffer }>();
      for await (const { entry, extents, body } of stream.entries()) {
        const parts: Buffer[] = [];
        for await (const part of body) parts.push(part);
        if (entry.type === 'file')
          files.set(String(entry.path), { size: entry.size, extents, bytes: Buffer.concat(parts) });
      }
      return { files, end: stream.end() };
    } finally {
      await connection.close();
    }
  }

  test('only the blocks that changed come, under the name and with the size of their file', async () => {
    const { files, end } = await changedSince(prior());
    const [big, still] = await Promise.all(
      ['big', 'still'].map((table) => cluster.psql(`select pg_relation_filepath('${table}')`)),
    );
    expect(files.get(String(still))).toMatchObject({ extents: [], size: expect.any(Number) });
    const changed = files.get(String(big));
    const lies = readFileSync(path.join(cluster.dataDir, String(big)));
    expect(changed?.size).toBe(lies.length);
    expect(changed?.extents?.length).toBeGreaterThan(0);
    let at = 0;
    for (const { offset, length } of changed?.extents ?? []) {
      expect(changed?.bytes.subarray(at, at + length).equals(lies.subarray(offset, offset + length))).toBe(true);
      at += length;
    }
    expect(at).toBeLessThan(10 * page);
    expect([...files.keys()].filter((name) => name.includes('INCREMENTAL'))).toEqual([]);
    expect(end.backupLabel).not.toMatch('INCREMENTAL');
    expect(end.backupLabel).toMatch('START WAL LOCATION');
  });

  test('a backup that the server cannot build upon is refused, and the connection serves for a whole one', async () => {
    const connection = await ReplicationConnection.open(clientConfig(cluster.conninfo), 'holdfast/test/2');
    const strange = { ...prior(), timeline: 9 };
    await expect(BaseBackupStream.beginUpon(connection, 'test', strange, page)).rejects.toMatchObject({
      retryable: false,
    });
    const stream = await BaseBackupStream.begin(connection, 'test');
    for await (const { body } of stream.entries()) for await (const _ of body);
    expect(stream.end().backupLabel).toMatch('START WAL LOCATION');
    await connection.close();
  });
});
