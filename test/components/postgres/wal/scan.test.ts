import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { RecordFact } from '../../../../components/postgres/wal/record';
import { type RecordPlace, WalScanner } from '../../../../components/postgres/wal/scan';
import { formatInstant } from '../../../../domain/instant';
import { formatLsn, parseLsn, parseSegmentName } from '../../../../domain/lsn';
import { type Cluster, startCluster } from '../../../support/postgres-cluster';
import { emitWal, mib, walCluster } from './shipping';

let cluster: Cluster;
let files: { name: string; segment: bigint; bytes: Buffer }[];
let dump: string[];
let tablespace: string;

type Found = RecordFact & RecordPlace;

beforeAll(async () => {
  const conf = { ...walCluster.conf, max_prepared_transactions: 5, wal_level: 'logical' };
  cluster = await startCluster({ name: 'scan', ...walCluster, conf });
  await cluster.pgbench(['-i', '-q', '-s', '1']);
  await cluster.pgbench(['-n', '-c', '2', '-t', '300']);
  const client = await cluster.client();
  const prepared = [
    ...['begin', 'create table a (n int)', 'savepoint s', 'insert into a values (1)', 'release s'],
    ...["prepare transaction 'kept'", "commit prepared 'kept'"],
    ...['begin', 'create table b (n int)', "prepare transaction 'left'", "rollback prepared 'left'"],
    ...['begin', 'create table c (n int)', 'rollback', "select pg_create_restore_point('before the flood')"],
  ];
  for (const text of prepared) await client.query(text);
  tablespace = await cluster.createTablespace('aside');
  await cluster.psql('select pg_switch_wal()');
  await emitWal(cluster, 3); // records over many pages and segments
  await cluster.psql('checkpoint');
  const folder = path.join(cluster.dataDir, 'pg_wal');
  const names = readdirSync(folder).filter((name) => parseSegmentName(name, mib));
  files = names.sort().map((name) => ({
    name,
    segment: parseSegmentName(name, mib)?.segmentNumber as bigint,
    bytes: readFileSync(path.join(folder, name)),
  }));
  dump = await waldump(names[0] as string);
});
afterAll(() => cluster.destroy());

/** `pg_waldump` ends with an error at the end of the WAL, and has printed everything before. */
async function waldump(first: string): Promise<string[]> {
  const folder = path.join(cluster.dataDir, 'pg_wal');
  const start = files.find((file) => file.name === first)?.segment ?? 0n;
  const args = ['-p', folder, '-s', formatLsn(start * BigInt(mib))];
  const output = await cluster.program('pg_waldump', args).catch((error: { stdout?: string }) => error.stdout ?? '');
  return output.split('\n').filter((line) => line.startsWith('rmgr'));
}

function scan(from = 0, segments = files, limit?: number): { found: Found[]; scanner: WalScanner } {
  const found: Found[] = [];
  const scanner = new WalScanner(0n, (fact, place) => found.push({ ...fact, ...place }));
  for (const [index, { segment, bytes }] of segments.slice(from).entries()) {
    const last = limit !== undefined && index === segments.length - from - 1;
    if (!scanner.push(segment, bytes, last ? limit : undefined)) break;
  }
  return { found, scanner };
}

function lsnOf(line: string): bigint {
  return parseLsn(/lsn: (\S+?),/.exec(line)?.[1] ?? '');
}

test('it sees every record that pg_waldump sees, and ends where that ends', () => {
  const { scanner } = scan();
  expect(dump.length).toBeGreaterThan(1000);
  expect(scanner.records).toBe(dump.length);
  expect(scanner.last?.start).toBe(lsnOf(dump.at(-1) as string));
});

test('commits and aborts, prepared ones too, have pg_waldump’s positions, times and transactions', () => {
  const ends = dump.filter((line) => /rmgr: Transaction .*desc: (COMMIT|ABORT)/.test(line));
  const expected = ends.map((line) => {
    const [, kind, prepared, time] = /desc: (COMMIT|ABORT)(?:_PREPARED (\d+):)? (\S+ \S+) UTC/.exec(line) ?? [];
    return {
      kind: kind?.toLowerCase(),
      xid: Number(prepared ?? /tx:\s+(\d+)/.exec(line)?.[1]),
      time: time?.padEnd(26, '0'),
      start: lsnOf(line),
    };
  });
  const found = scan().found.flatMap((fact) =>
    fact.kind === 'commit' || fact.kind === 'abort'
      ? [
          {
            kind: fact.kind,
            xid: fact.xid,
            time: formatInstant(fact.time).replace('T', ' ').slice(0, -1),
            start: fact.start,
          },
        ]
      : [],
  );
  expect(ends.filter((line) => line.includes('_PREPARED'))).toHaveLength(2);
  expect(found).toEqual(expected);
});

test('restore points and new tablespaces are named', () => {
  const { found } = scan();
  expect(found).toContainEqual(expect.objectContaining({ kind: 'restore-point', name: 'before the flood' }));
  expect(found).toContainEqual(expect.objectContaining({ kind: 'tablespace', path: tablespace }));
});

test('it starts in the middle of a record that a segment begins with', async () => {
  const straddled = files.findIndex(({ bytes }, index) => index > 0 && bytes.readUInt16LE(2) & 1);
  expect(straddled).toBeGreaterThan(0);
  const lines = await waldump(files[straddled]?.name as string);
  const { scanner } = scan(straddled);
  expect(scanner.records).toBe(lines.length);
});

test('it stops at the last record that is stored completely', () => {
  const at = files.findIndex(({ segment }) => segment === lsnOf(dump[500] as string) / BigInt(mib));
  const limit = Number(lsnOf(dump[500] as string) % BigInt(mib)) + 9; // cuts into record 500
  const { scanner } = scan(0, files.slice(0, at + 1), limit);
  expect(scanner.records).toBe(500);
  expect(scanner.last?.end).toBe(lsnOf(dump[500] as string));
});

test('a telling record with a flipped bit ends the valid WAL', () => {
  const whole = scan().found;
  const victim = whole[10] as Found;
  const copies = files.map((file) => ({ ...file, bytes: Buffer.from(file.bytes) }));
  const file = copies.find(({ segment }) => segment === victim.start / BigInt(mib));
  const at = Number(victim.start % BigInt(mib)) + 26;
  (file?.bytes as Buffer)[at] = ((file?.bytes[at] ?? 0) ^ 1) & 0xff;
  const { found, scanner } = scan(0, copies);
  expect(found).toEqual(whole.slice(0, 10));
  expect(scanner.last?.end).toBeLessThanOrEqual(victim.start);
});

test('what a recycled segment holds is not taken for WAL', () => {
  const [first, second] = files as [(typeof files)[0], (typeof files)[0]];
  const recycled = { ...second, bytes: first.bytes };
  const { scanner } = scan(0, [first, recycled]);
  expect(scanner.last?.start).toBeLessThan(second.segment * BigInt(mib));
});
