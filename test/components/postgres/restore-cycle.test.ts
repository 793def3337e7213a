/** Session, copy, WAL, replay to a target, validation: on a real server, without packs and stores. */
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { withClient } from '../../../components/postgres/connection';
import { recordedArguments, runningInstance, startInstance, stopInstance } from '../../../components/postgres/instance';
import { giveTo, type Owner, ownerOf } from '../../../components/postgres/owner';
import { readControlFile } from '../../../components/postgres/pg-control';
import { placeManifest } from '../../../components/postgres/place-manifest';
import { prepareDataDirectory } from '../../../components/postgres/prepare';
import { leaveReadyToReplay } from '../../../components/postgres/recovery-settings';
import { endReplay, type ReplayRequest, replay } from '../../../components/postgres/replay';
import { makeCreatedTablespaces } from '../../../components/postgres/tablespace-conflicts';
import { findServerTools, type ServerTools } from '../../../components/postgres/tools';
import { validate } from '../../../components/postgres/validate';
import { verifyRestored } from '../../../components/postgres/verify-restored';
import type { ReplayTarget } from '../../../domain/decide-recovery';
import { parseInstant } from '../../../domain/instant';
import { type Cluster, startCluster } from '../../support/postgres-cluster';
import { scratchBase } from '../../support/postgres-host';
import { type CopiedBackup, copyByPlan, damage, spoolWal } from './copy-by-plan';

let cluster: Cluster;
let dir: string;
let spool: string;
let backup: CopiedBackup;
let tools: ServerTools;
let owner: Owner;
const times: Record<string, string> = {};
const files: Record<string, string> = {};
let count = 0;
/** A copy that goes through several tests: verified, replayed, stopped, started for good. */
let kept: Awaited<ReturnType<typeof placed>>;

const now = () => cluster.psql(`select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`);
const insert = (n: number) => cluster.psql(`insert into ledger select ${n}, md5(${n}::text)`);

beforeAll(async () => {
  cluster = await startCluster({
    name: 'cyc',
    tablespaces: ['side'],
    conf: { shared_preload_libraries: 'auto_explain' },
  });
  owner = ownerOf(cluster.dataDir);
  dir = mkdtempSync(path.join(scratchBase(), 'hf-rst-'));
  spool = cluster.directory(path.join(dir, 'spool'));
  giveTo(owner, dir);
  await cluster.psql(`create table ledger (n int, t text);
    create extension amcheck;
    create table elsewhere tablespace side as select g, md5(g::text) from generate_series(1, 1000) g;
    create table big as select g, md5(g::text) m from generate_series(1, 60000) g;
    create unlogged table fleeting as select 1 as one; create index on fleeting (one);`);
  for (const one of ['elsewhere', 'fleeting']) files[one] = await cluster.psql(`select pg_relation_filepath('${one}')`);
  const oid = await cluster.psql(`select oid from pg_tablespace where spcname = 'side'`);
  const roots = { data: path.join(dir, 'copy'), [oid]: path.join(dir, 'copy.tablespaces', oid) };
  for (const one of Object.values(roots)) cluster.directory(one);
  const holder = await cluster.client();
  await holder.query('create temp table mine as select 1');
  backup = await copyByPlan(cluster, roots, () => insert(1));
  await insert(2);
  times.two = await now();
  await insert(3);
  await cluster.psql(`select pg_create_restore_point('here')`);
  await insert(4);
  times.four = await now();
  // A tablespace that only the WAL knows, on another host: its place is not there.
  const late = await cluster.createTablespace('late');
  await spoolWal(cluster, spool);
  await cluster.stop();
  rmSync(late, { recursive: true });
  makeCreatedTablespaces([{ path: late }], owner);
  tools = await findServerTools(readMajor());
  kept = await placed();
});
afterAll(async () => {
  await cluster?.destroy();
  for (const one of readdirSync(dir)) if (one.startsWith('to-')) await stopInstance(path.join(dir, one), 'immediate');
  rmSync(dir, { recursive: true, force: true });
});

function readMajor(): number {
  return Math.floor(backup.facts.versionNum / 10000);
}

/** A fresh copy of what was copied, prepared for replay. */
async function placed(): Promise<{ dataDir: string; request: Omit<ReplayRequest, 'target'> }> {
  const name = `to-${++count}`;
  const dataDir = path.join(dir, name);
  const tablespaces: Record<string, string> = {};
  for (const [root, from] of Object.entries(backup.roots)) {
    const to = root === 'data' ? dataDir : path.join(dir, `${name}.tablespaces`, root);
    if (root !== 'data') tablespaces[root] = to;
    mkdirSync(path.dirname(to), { recursive: true });
    cpSync(from, to, { recursive: true });
    own(to);
    chmodSync(to, 0o700);
  }
  const { generated } = prepareDataDirectory({
    dataDir,
    owner,
    facts: backup.facts,
    tablespaces,
    spoolDir: spool,
    inPlace: false,
  });
  await placeManifest(dataDir, owner, { facts: backup.facts, runs: backup.runs, generated });
  const request = {
    ...{ tools, owner, dataDir, spoolDir: spool, runDir: `${dataDir}.replay` },
    ...{ preloadLibraries: `${backup.facts.settings['shared_preload_libraries']}, no_such_library` },
    superuser: backup.facts.settings['bootstrap_user'],
  };
  return { dataDir, request };
}

function own(at: string): void {
  giveTo(owner, at);
  for (const one of readdirSync(at, { recursive: true, encoding: 'utf8' })) giveTo(owner, path.join(at, one));
}

async function rowsAfter(target: ReplayTarget): Promise<string> {
  const { request } = await placed();
  const { connection } = await replay({ ...request, target });
  try {
    return await ledger(connection);
  } finally {
    await endReplay(request, 'immediate');
  }
}

async function ledger(connection: Parameters<typeof withClient>[0]): Promise<string> {
  return withClient({ ...connection, database: 'postgres' }, async (client) => {
    const { rows } = await client.query('select n from ledger order by n');
    return rows.map((one: { n: number }) => one.n).join();
  });
}

test('pg_verifybackup accepts the copy, and notices a change in any tree', async () => {
  const { dataDir } = kept;
  expect(await verifyRestored(tools, owner, dataDir)).toMatch('successfully verified');
  const inside = path.join(dataDir, files.elsewhere as string);
  damage(inside, 100);
  await expect(verifyRestored(tools, owner, dataDir)).rejects.toMatchObject({ code: 'validation_failed' });
  damage(inside, 100);
});

test('temporary and unlogged data, sockets and foreign WAL stay out of the plan', async () => {
  const paths = new Set(backup.planned.map(({ entry }) => entry.path));
  const unlogged = files.fleeting as string;
  expect(paths.has(unlogged)).toBe(false);
  expect(paths.has(`${unlogged}_init`)).toBe(true);
  const texts = [...paths].map(String);
  expect(
    texts.filter((one) => /\/t\d+_|pgsql_tmp|postmaster|pg_internal|^pg_wal\/0|^pg_replslot\/|backup_label/.test(one)),
  ).toEqual([]);
  expect(texts).toContain('pg_wal/archive_status');
  expect(backup.planned.at(-1)?.entry.path).toBe('global/pg_control');
});

test('replay to a time, promotion, validation and a clean stop, without a trace of our settings', async () => {
  const { dataDir, request } = kept;
  const before = readFileSync(path.join(dataDir, 'postgresql.auto.conf'), 'utf8');
  const seen: unknown[] = [];
  const target: ReplayTarget = { kind: 'time', at: parseInstant(times.two as string), inclusive: true };
  const replayed = await replay({ ...request, target, onProgress: (one) => seen.push(one) });
  expect(replayed).toMatchObject({ timeline: 2, missingLibraries: ['no_such_library'] });
  expect(replayed.lastCommit && replayed.lastCommit <= (times.two as string)).toBe(true);
  expect(seen.at(-1)).toMatchObject({ lsn: expect.stringMatching('/'), segment: expect.stringMatching(/^0000000/) });
  expect(await ledger(replayed.connection)).toBe('1,2');
  const { systemIdentifier } = backup.facts;
  const probes = [
    'select count(*) = 1000 from elsewhere',
    'select count(*) = 60000 from big',
    'select 1 from fleeting',
  ];
  const proof = await validate({
    connection: replayed.connection,
    systemIdentifier,
    probes,
    amcheck: { tools, owner },
  });
  expect(proof.databases.sort()).toEqual(['postgres', 'template1']);
  await endReplay(request);
  expect(readFileSync(path.join(dataDir, 'postgresql.auto.conf'), 'utf8')).toBe(before);
  expect(readControlFile(dataDir)).toMatchObject({ state: 'shut down', timeline: 2, systemIdentifier });
  expect(existsSync(request.runDir)).toBe(false);
  expect(existsSync(path.join(dataDir, 'recovery.signal'))).toBe(false);
});

test('every kind of target stops where it says', async () => {
  expect(await rowsAfter({ kind: 'consistent' })).toBe('1');
  expect(await rowsAfter({ kind: 'lsn', lsn: backup.facts.stopLsn, inclusive: true })).toBe('1');
});

test('a target behind the end of the WAL, and one before consistency, are told apart', async () => {
  const after = parseInstant(times.four as string) + 3_600_000_000n;
  const tooLate = (await placed()).request;
  await expect(replay({ ...tooLate, target: { kind: 'time', at: after, inclusive: true } })).rejects.toMatchObject({
    code: 'log_apply_failed',
    message: expect.stringContaining('recovery ended before configured recovery target was reached'),
  });
  await endReplay(tooLate);
  const tooEarly = (await placed()).request;
  const target: ReplayTarget = { kind: 'lsn', lsn: backup.facts.startLsn, inclusive: false };
  await expect(replay({ ...tooEarly, target })).rejects.toMatchObject({
    code: 'log_apply_failed',
    message: expect.stringContaining('before consistent recovery point'),
  });
  await endReplay(tooEarly);
});

test('a replay whose caller died is joined, and one whose server died goes on', async () => {
  const { dataDir, request } = await placed();
  const target: ReplayTarget = { kind: 'name', name: 'here' };
  await replay({ ...request, target });
  const first = runningInstance(dataDir);
  const joined = await replay({ ...request, target });
  expect(runningInstance(dataDir)?.pid).toBe(first?.pid);
  expect(await ledger(joined.connection)).toBe('1,2,3');
  process.kill(first?.pid as number, 'SIGKILL');
  const again = await replay({ ...request, target });
  expect(runningInstance(dataDir)?.pid).not.toBe(first?.pid);
  expect(await ledger(again.connection)).toBe('1,2,3');
  await endReplay(request, 'immediate');
});

test('a server that is not ours is neither joined nor ended', async () => {
  const { dataDir, request } = kept;
  const settings = { unix_socket_directories: cluster.socketDir, port: '5999', listen_addresses: '' };
  const running = await startInstance(tools, dataDir, { logFile: path.join(dataDir, 'log'), settings });
  expect(running).toMatchObject({ port: 5999, status: 'ready' });
  await expect(replay({ ...request, target: { kind: 'consistent' } })).rejects.toMatchObject({ code: 'target_in_use' });
  await endReplay(request);
  expect(runningInstance(dataDir)?.pid).toBe(running.pid);
  expect(recordedArguments(dataDir)).toContain('port=5999');
  await stopInstance(dataDir);
  expect(runningInstance(dataDir)).toBeUndefined();
});

test('an abort ends the replaying server at once', async () => {
  const { dataDir, request } = await placed();
  const signal = AbortSignal.abort();
  await expect(replay({ ...request, target: { kind: 'end-of-wal' }, signal })).rejects.toMatchObject({
    code: 'aborted',
  });
  expect(runningInstance(dataDir)).toBeUndefined();
  // Nothing is lost: the same call goes on.
  const { connection } = await replay({ ...request, target: { kind: 'end-of-wal' } });
  expect(await ledger(connection)).toBe('1,2,3,4');
  // A tablespace made after the backup came to its own path, where nothing had been.
  const sql = "select count(*)::int as n from pg_tablespace where spcname = 'late'";
  const late = await withClient({ ...connection, database: 'postgres' }, (client) => client.query(sql));
  expect(late.rows).toEqual([{ n: 1 }]);
  await endReplay(request, 'immediate');
});

test('a copy that is only placed replays by itself when somebody starts it', async () => {
  const { dataDir } = await placed();
  leaveReadyToReplay(dataDir, owner, { target: { kind: 'name', name: 'here' }, spoolDir: spool });
  expect(await verifyRestored(tools, owner, dataDir)).toMatch('successfully verified');
  const settings = { unix_socket_directories: cluster.socketDir, port: '5998', listen_addresses: '' };
  await startInstance(tools, dataDir, { logFile: path.join(dir, 'hand.log'), settings });
  const connection = { host: cluster.socketDir, port: 5998, user: 'postgres', database: 'postgres' };
  await until(() =>
    withClient(connection, async (client) => {
      const { rows } = await client.query('select pg_is_in_recovery() as still');
      return (rows as { still: boolean }[])[0]?.still === false;
    }),
  );
  expect(await ledger(connection)).toBe('1,2,3');
  await stopInstance(dataDir, 'immediate');
});

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let left = 300; left > 0 && !(await condition()); left--) await sleep(100);
}
