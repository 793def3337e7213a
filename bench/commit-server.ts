/**
 * A server on which small transactions are committed as fast as clients can, and what each commit takes: a row into a ledger, by a
 * prepared statement. It syncs every commit to its disk, as a server does in earnest: without, there would be nothing to compare with.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Cluster, startCluster } from '../test/support/postgres-cluster';
import type { Bed } from './bed';
import { percentile, takeLatencies } from './pgbench-log';
import { median } from './row';

export interface Commits {
  /** Of a commit, from the client's side: milliseconds. */
  median: number;
  p99: number;
  tps: number;
}

const statement = `insert into ledger (client, note) values (:client_id, 'paid, and not to be forgotten before the stores have it');\n`;

export class CommitServer {
  private constructor(
    readonly cluster: Cluster,
    private readonly dir: string,
  ) {}

  static async start(bed: Bed): Promise<CommitServer> {
    const conf = { fsync: 'on', autovacuum: 'off', max_wal_size: '1GB' };
    const cluster = await startCluster({ name: 'bcom', conf });
    bed.atEnd(() => cluster.destroy());
    await cluster.psql(
      'create table ledger (id bigserial primary key, client int, at timestamptz default now(), note text)',
    );
    const dir = bed.folder('commits');
    writeFileSync(path.join(dir, 'commit.sql'), statement);
    return new CommitServer(cluster, dir);
  }

  /** As it was at the start. */
  async empty(): Promise<void> {
    await this.cluster.psql('truncate ledger; checkpoint');
  }

  async run(clients: number, seconds: number): Promise<Commits> {
    const said = await this.cluster.pgbench([
      ...['-n', '-M', 'prepared', '-f', path.join(this.dir, 'commit.sql')],
      ...['-c', String(clients), '-j', String(Math.min(2, clients)), '-T', String(seconds)],
      ...['--log', `--log-prefix=${path.join(this.dir, 'commits')}`],
    ]);
    const latencies = takeLatencies(this.dir, 'commits');
    const tps = Number(/^tps = ([\d.]+)/m.exec(said)?.[1]);
    return { median: median(latencies), p99: percentile(latencies, 0.99), tps };
  }
}
