/** A replay of more WAL than its spool may hold, by a real server, with everything killed that can be. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, cpSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { withClient } from '../../../../components/postgres/connection';
import { runningInstance } from '../../../../components/postgres/instance';
import { ownerOf } from '../../../../components/postgres/owner';
import { endReplay, type Replayed, type ReplayRequest, replay } from '../../../../components/postgres/replay';
import { findServerTools } from '../../../../components/postgres/tools';
import { Feed, type FeedState } from '../../../../components/postgres/wal/feed';
import { feedCommand, lastAsked } from '../../../../components/postgres/wal/feed-command';
import { fillSpool, type Spooled } from '../../../../components/postgres/wal/spool';
import { parseLsn } from '../../../../domain/lsn';
import type { WalArchive } from '../../../../repository/wal/archive';
import { type Cluster, startCluster } from '../../../support/postgres-cluster';
import { serverUser } from '../../../support/postgres-host';
import { emitWal, mib, openArchive, StoreFolder, startReceiver, until, untilStored, walCluster } from './shipping';

const room = 4;
const rows = 40;
let primary: Cluster;
let folder: StoreFolder;
let archive: WalArchive;
let base: string;
let from: bigint;
let consistentAt: bigint;
let count = 0;

beforeAll(async () => {
  primary = await startCluster({ name: 'feed', ...walCluster });
  await primary.psql('create table ledger (n int)');
  folder = new StoreFolder();
  const receiver = startReceiver(primary, [folder.store]);
  await until('streaming', () => receiver.progress()?.state === 'streaming');
  base = path.join(primary.dir, 'base');
  await primary.program('pg_basebackup', ['-D', base, '-X', 'none', '-c', 'fast', '--no-sync']);
  from = parseLsn(/START WAL LOCATION: (\S+)/.exec(readFileSync(path.join(base, 'backup_label'), 'utf8'))?.[1] ?? '');
  consistentAt = parseLsn(await primary.psql('select pg_current_wal_flush_lsn()'));
  for (let n = 1; n <= rows; n++) {
    await primary.psql(`insert into ledger values (${n})`);
    await emitWal(primary, 2);
  }
  await untilStored(primary, receiver);
  await receiver.stop();
  archive = await openArchive(folder.store, primary);
});
afterAll(async () => {
  await primary?.destroy();
  folder?.drop();
});

interface Placed {
  request: ReplayRequest;
  spooled: Spooled;
}

/** A copy of the backup, and the beginning of its WAL in a spool beside it. */
async function placed(): Promise<Placed> {
  const home = primary.directory(path.join(primary.dir, `copy-${++count}`));
  const dataDir = path.join(home, 'data');
  const spoolDir = path.join(home, 'spool');
  cpSync(base, dataDir, { recursive: true, preserveTimestamps: true });
  chmodSync(dataDir, 0o700);
  const user = serverUser();
  for (const one of user ? ['', ...readdirSync(dataDir, { recursive: true })] : []) {
    chownSync(path.join(dataDir, String(one)), user?.uid ?? 0, user?.gid ?? 0);
  }
  const owner = ownerOf(dataDir);
  const spooled = await fillSpool({
    ...{ archive, path: await archive.timelinePath(1), from, dir: spoolDir, owner, budget: room * mib },
    ...{ target: { kind: 'latest' }, inclusive: true, consistentAt },
  });
  const tools = await findServerTools(Number(readFileSync(path.join(dataDir, 'PG_VERSION'), 'utf8')));
  const request: ReplayRequest = {
    ...{ tools, owner, dataDir, spoolDir, runDir: path.join(home, 'run') },
    ...{ target: { kind: 'end-of-wal' }, timeline: '1', superuser: 'postgres', restoreCommand: feedCommand(spoolDir) },
  };
  return { request, spooled };
}

function held(spoolDir: string): string[] {
  return readdirSync(spoolDir).filter((name) => /^[0-9A-F]{24}$/.test(name));
}

async function feedAndReplay(
  { request, spooled }: Placed,
  onState: (state: FeedState) => void = () => undefined,
): Promise<Replayed> {
  const { spoolDir: dir, owner } = request;
  const feed = await Feed.begin({ archives: [archive], segments: spooled.segments, dir, owner, room });
  try {
    return await replay({ ...request, onProgress: () => onState(feed.state()) });
  } finally {
    await feed.end();
  }
}

async function ledger({ connection }: Replayed): Promise<number> {
  return withClient({ ...connection, database: 'postgres' }, async (client) => {
    const { rows: found } = await client.query<{ n: number }>('select count(*)::int as n from ledger');
    return found[0]?.n ?? 0;
  });
}

/** The last third of the plan: by then much has been replayed, removed, and has its restartpoints. */
function isFar({ request, spooled }: Placed): boolean {
  const asked = lastAsked(request.spoolDir);
  return spooled.segments.findIndex(({ name }) => name === asked) > (2 * spooled.segments.length) / 3;
}

test('the spool never holds more than it may, and the replay comes to its end', async () => {
  const copy = await placed();
  const { spoolDir } = copy.request;
  expect(copy.spooled.segments.length).toBeGreaterThan(10 * room);
  expect(held(spoolDir)).toEqual(copy.spooled.segments.slice(0, room).map(({ name }) => name));
  let most = 0;
  const replayed = await feedAndReplay(copy, () => {
    most = Math.max(most, held(spoolDir).length);
  });
  expect(most).toBeLessThanOrEqual(room);
  expect(await ledger(replayed)).toBe(rows);
  await endReplay(copy.request, 'immediate');
});

test('a server killed far behind what is left in the spool begins again and gets everything once more', async () => {
  const copy = await placed();
  const first = { pid: 0 };
  const replayed = await feedAndReplay(copy, () => {
    const running = runningInstance(copy.request.dataDir);
    if (first.pid > 0 || !running || !isFar(copy)) return;
    first.pid = running.pid;
    process.kill(running.pid, 'SIGKILL');
  });
  expect(first.pid).toBeGreaterThan(0);
  expect(runningInstance(copy.request.dataDir)?.pid).not.toBe(first.pid);
  expect(await ledger(replayed)).toBe(rows);
  await endReplay(copy.request, 'immediate');
});

test('a feed that is killed with its process is taken up by the next, while the server waits', async () => {
  const copy = await placed();
  const child = inProcess(copy);
  await until('far', () => isFar(copy));
  child.kill('SIGKILL');
  await once(child, 'exit');
  const server = runningInstance(copy.request.dataDir);
  expect(server).toBeDefined();
  const replayed = await feedAndReplay(copy);
  expect(await ledger(replayed)).toBe(rows);
  await endReplay(copy.request, 'immediate');
});

test('two feeds at once do each other no harm', async () => {
  const copy = await placed();
  const child = inProcess(copy);
  const exited = once(child, 'exit');
  await until('begun', () => lastAsked(copy.request.spoolDir) !== undefined);
  const replayed = await feedAndReplay(copy);
  expect(await ledger(replayed)).toBe(rows);
  expect(await exited).toEqual([0, null]);
  await endReplay(copy.request, 'immediate');
});

test('a segment that is gone from the store is named, and the server is left to the next attempt', async () => {
  const copy = await placed();
  const victim = copy.spooled.segments[5 * room];
  const key = archive.names.segment(1, victim?.segment ?? 0n);
  const body = await folder.store.get(key);
  await folder.store.delete([key]);
  await expect(feedAndReplay(copy)).rejects.toMatchObject({
    code: 'wal_gap',
    message: expect.stringContaining(`the replay cannot get segment ${victim?.name}`),
  });
  expect(runningInstance(copy.request.dataDir)).toBeDefined();
  await until('waiting', () => lastAsked(copy.request.spoolDir) === victim?.name);
  await folder.store.put(key, body);
  const waits: (string | undefined)[] = [];
  const replayed = await feedAndReplay(copy, ({ waitingFor }) => waits.push(waitingFor));
  expect(waits[0]).toBe(victim?.name);
  expect(await ledger(replayed)).toBe(rows);
  await endReplay(copy.request, 'immediate');
});

test('other bytes than those that were judged are never given to the server', async () => {
  const copy = await placed();
  const segments = copy.spooled.segments.map((one, at) => (at === 2 * room ? { ...one, crc32c: one.crc32c ^ 1 } : one));
  const changed = { ...copy, spooled: { ...copy.spooled, segments } };
  await expect(feedAndReplay(changed)).rejects.toMatchObject({ code: 'wal_conflict' });
  expect(existsSync(path.join(copy.request.spoolDir, segments[2 * room]?.name ?? ''))).toBe(false);
  await endReplay(copy.request, 'immediate');
});

function inProcess({ request, spooled }: Placed): ChildProcess {
  const { owner, dataDir, runDir, spoolDir, target, timeline } = request;
  const orders = {
    ...{ major: request.tools.major, system: archive.systemIdentifier, store: folder.dir, room },
    ...{ segments: spooled.segments, request: { owner, dataDir, runDir, spoolDir, target, timeline } },
  };
  const text = JSON.stringify(orders, (_key, value) => (typeof value === 'bigint' ? String(value) : value));
  return spawn(process.execPath, [path.join(__dirname, 'feeding-process.js'), text], { stdio: 'ignore' });
}
