/**
 * What a commit takes while its WAL goes to the stores, in the mode asked for, for one client and for many at once: without anybody
 * who receives WAL (the limit), with PostgreSQL's own receiver and a local directory, with ours and a directory on the same disk, an S3
 * server beside it, and in mode `sync` an S3 server that is farther away. There a lone client waits for each of its commits, and many
 * share the requests: what group commit gives is how much more they commit together.
 *
 * The one figure: a commit's median with eight clients, ours with a directory, since the peer has nothing else.
 */
import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Bed } from '../bed';
import { CommitServer } from '../commit-server';
import { Holdfast, type HoldfastOptions } from '../holdfast';
import { PgReceivewal } from '../peers/pg-receivewal';
import type { Row } from '../row';
import type { TlsS3 } from '../s3';
import type { Session } from '../session';
import { startSlowProxy } from '../slow-proxy';
import { medians, type Turn, takeTurns } from '../turns';
import { behindBytes, untilWaiting, type Waiting, waiting } from '../waiting';

const clientCounts = [1, 8, 32];
const addedMs = [20, 80];
const defaultSeconds = 10;
const figure = 'median ms, 8 clients';

interface Receiver {
  stop(): Promise<void>;
}

type CommitTurn = Turn<Record<string, number>>;

export async function commit({ bed, options }: Session, mode: 'async' | 'sync'): Promise<Row> {
  const { rounds, say, seconds = defaultSeconds } = options;
  const work = `commit-${mode}`;
  const server = await CommitServer.start(bed);
  const { cluster } = server;
  let turns = 0;
  const turn = (name: string, begin?: (turn: string) => Promise<Receiver>): CommitTurn => ({
    name,
    run: async () => {
      await server.empty();
      turns += 1;
      const receiver = await begin?.(`${work}-${turns}`);
      try {
        return await measure(server, seconds, begin ? mode : 'nobody');
      } finally {
        await receiver?.stop();
      }
    },
  });
  const ours = (name: string, s3?: TlsS3) =>
    turn(`holdfast, ${name}`, (folder) => shipping(bed, { cluster, s3, wal: { mode }, dir: bed.folder(folder) }, mode));
  const s3 = await bed.s3();
  const far = mode === 'sync' ? await Promise.all(addedMs.map((ms) => farther(bed, s3, ms))) : [];
  const alone = turn('no receiver');
  const own = ours('dir');
  const others = [ours('S3', s3), ...far.map((one, at) => ours(`S3 and ${addedMs[at]} ms`, one))];
  const peer = existsSync(path.join(cluster.binDir, 'pg_receivewal'))
    ? turn('pg_receivewal', () => PgReceivewal.start(bed, cluster, mode === 'sync'))
    : undefined;
  const all = [alone, own, ...others, ...(peer ? [peer] : [])];
  const results = await takeTurns<Record<string, number>, CommitTurn>(all, rounds, (round, { name }, figures) =>
    say(`${work}, round ${round}: ${name} ${figures[figure]?.toFixed(2)} ms`),
  );
  const details = Object.fromEntries(all.map((one) => [one.name, medians(results.get(one) ?? [])]));
  const of = (one: CommitTurn) => details[one.name]?.[figure] ?? Number.NaN;
  return {
    ...{ work, ours: of(own), unit: 'ms', peers: peer ? { [peer.name]: of(peer) } : {}, limit: of(alone) },
    missing: peer ? [] : ['pg_receivewal'],
    details: { sample: { seconds, rounds }, ...details },
  };
}

/** @throws Error when commits did not wait as they should, from the beginning to the end: there would be nothing to tell */
async function measure(server: CommitServer, seconds: number, wanted: Waiting): Promise<Record<string, number>> {
  const { cluster } = server;
  await untilWaiting(cluster, wanted);
  await server.run(8, Math.max(1, Math.round(seconds / 5))); // what is new to everybody: code, pages, connections to the store
  const figures: Record<string, number> = {};
  const tps: number[] = [];
  for (const clients of clientCounts) {
    const commits = await server.run(clients, seconds);
    const behind = wanted === 'async' ? await behindBytes(cluster) : undefined;
    const who = clients === 1 ? '1 client' : `${clients} clients`;
    figures[`median ms, ${who}`] = commits.median;
    figures[`p99 ms, ${who}`] = commits.p99;
    figures[`tps, ${who}`] = commits.tps;
    if (behind !== undefined) figures[`MB behind, ${who}`] = behind / 1e6;
    tps.push(commits.tps);
  }
  const now = await waiting(cluster);
  if (now !== wanted) throw new Error(`commits should have waited as with "${wanted}", and in the end it was "${now}"`);
  return { ...figures, 'tps of 32 clients / of 1': (tps.at(-1) ?? Number.NaN) / (tps[0] ?? Number.NaN) };
}

/** In a repository of its own each time: WAL that others' turns wrote is nothing to catch up with. */
async function shipping(bed: Bed, options: HoldfastOptions, wanted: Waiting): Promise<Receiver> {
  const holdfast = await Holdfast.create(options);
  bed.atEnd(() => holdfast.down());
  await holdfast.shipping(wanted);
  return {
    async stop() {
      await holdfast.down();
      rmSync(options.dir, { recursive: true, force: true });
      if (options.s3) rmSync(path.join(options.s3.data, path.basename(options.dir)), { recursive: true, force: true });
    },
  };
}

async function farther(bed: Bed, s3: TlsS3, ms: number): Promise<TlsS3> {
  const proxy = await startSlowProxy(s3.port, ms);
  bed.atEnd(() => proxy.stop());
  return { ...s3, port: proxy.port, endpoint: `https://127.0.0.1:${proxy.port}` };
}
