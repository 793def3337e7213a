/** What the tests of the receiver share: a receiver under test, and the comparison that judges it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ReceiverOptions, type ReceiverProgress, runReceiver } from '../../../../components/postgres/wal/receiver';
import { type Lsn, parseLsn, parseSegmentName, segmentStart } from '../../../../domain/lsn';
import type { Store } from '../../../../repository/store';
import { DirStore } from '../../../../repository/stores/dir';
import { WalArchive } from '../../../../repository/wal/archive';
import { testObjects } from '../../../repository/wal/test-objects';
import type { Cluster } from '../../../support/postgres-cluster';

export const mib = 1024 * 1024;

/** Small segments, so that little WAL fills many; nothing recycled, so that everything stored can be compared. */
export const walCluster = { initdb: ['--wal-segsize=1'], conf: { wal_keep_size: '1GB', max_wal_size: '64MB' } };

export class StoreFolder {
  readonly dir = mkdtempSync(path.join(tmpdir(), 'hf-wal-'));
  readonly store: DirStore;

  constructor(name = 'hot') {
    this.store = new DirStore(name, this.dir);
  }

  drop(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}

export interface Running {
  progress(): ReceiverProgress | undefined;
  log: string[];
  done: Promise<ReceiverProgress>;
  stop(): Promise<ReceiverProgress>;
}

export function startReceiver(cluster: Cluster, stores: Store[], options: Partial<ReceiverOptions> = {}): Running {
  const controller = new AbortController();
  let latest: ReceiverProgress | undefined;
  const log: string[] = [];
  const done = runReceiver({
    connection: { host: cluster.socketDir, port: cluster.port, user: 'postgres' },
    slot: 'holdfast_test',
    stores: stores.map((store) => ({
      name: store.name,
      begin: (marker) => WalArchive.begin(testObjects(store), store, marker),
    })),
    intervalMs: 50,
    coverageIntervalMs: 200,
    onProgress: (progress) => {
      latest = progress;
    },
    log: (message) => log.push(message),
    ...options,
    signal: controller.signal,
  });
  done.catch(() => undefined);
  return {
    progress: () => latest,
    log,
    done,
    stop: () => {
      controller.abort();
      return done;
    },
  };
}

export async function until(what: string, condition: () => boolean | Promise<boolean>, ms = 30_000): Promise<void> {
  const end = Date.now() + ms;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
    await sleep(20);
  }
}

/** Makes about so many MiB of WAL. */
export async function emitWal(cluster: Cluster, megabytes: number): Promise<void> {
  await cluster.psql(
    `select count(pg_logical_emit_message(true, 'test', repeat(md5(n::text), 2048))) from generate_series(1, ${megabytes * 16}) n`,
  );
}

export async function currentLsn(cluster: Cluster): Promise<Lsn> {
  return parseLsn(await cluster.psql('select pg_current_wal_flush_lsn()'));
}

/** Waits until everything the server has flushed by now is stored in every store. */
export async function untilStored(cluster: Cluster, running: Running): Promise<Lsn> {
  const lsn = await currentLsn(cluster);
  await until('stored', () => (running.progress()?.flushedLsn ?? 0n) >= lsn);
  return lsn;
}

export async function openArchive(store: Store, cluster: Cluster): Promise<WalArchive> {
  const system = await cluster.psql('select system_identifier from pg_control_system()');
  const archive = await WalArchive.open(testObjects(store), store, system);
  if (!archive) throw new Error('no archive');
  return archive;
}

/** Every stored byte equals the server's own; the stored stretch has no hole and reaches `to`. Returns its start. */
export async function expectServersBytes(
  archive: WalArchive,
  cluster: Cluster,
  timeline: number,
  to: Lsn,
): Promise<Lsn> {
  const intervals = await archive.intervals(timeline);
  expect(intervals).toHaveLength(1);
  const [stored] = intervals as [{ from: Lsn; to: Lsn }];
  expect(stored.to).toBeGreaterThanOrEqual(to);
  const folder = path.join(cluster.dataDir, 'pg_wal');
  let compared = 0;
  for (const name of readdirSync(folder)) {
    const position = parseSegmentName(name, archive.segmentSize);
    if (position?.timeline !== timeline) continue;
    const start = segmentStart(position.segmentNumber, archive.segmentSize);
    if (start < stored.from || start >= stored.to) continue;
    const segment = await archive.fetchSegment(timeline, position.segmentNumber);
    const server = readFileSync(path.join(folder, name));
    const storedTo = segment?.storedTo ?? 0;
    expect(start + BigInt(storedTo)).toBe(stored.to < start + BigInt(mib) ? stored.to : start + BigInt(mib));
    expect(segment?.bytes.subarray(0, storedTo).equals(server.subarray(0, storedTo))).toBe(true);
    compared++;
  }
  expect(compared).toBe(Number((stored.to - 1n) / BigInt(mib) - stored.from / BigInt(mib)) + 1);
  return stored.from;
}
