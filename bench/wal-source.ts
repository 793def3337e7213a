/**
 * A server that writes WAL to order, for the works that are about WAL alone. The data is small, so that restoring it costs nothing
 * beside the replay; its rows are updated over and over, as an application would.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { type Cluster, startCluster } from '../test/support/postgres-cluster';
import type { Bed } from './bed';

export interface Written {
  bytes: number;
  seconds: number;
  /** End of what was written. */
  end: string;
}

/** A share of the accounts that one statement updates: a few MiB of WAL. */
const shares = 50;

export class WalSource {
  private turn = 0;

  private constructor(readonly cluster: Cluster) {}

  static async start(bed: Bed): Promise<WalSource> {
    const conf = { autovacuum: 'off', max_wal_size: '1GB', archive_mode: 'on', archive_command: '/bin/true' };
    const cluster = await startCluster({ name: 'bwal', conf });
    bed.atEnd(() => cluster.destroy());
    const scale = Math.min(10, Math.max(1, Math.round(bed.options.mib / 200)));
    await cluster.pgbench(['-i', '-s', String(scale), '-q']);
    await cluster.psql(`update pgbench_accounts set filler = left(md5(aid::text) || md5('a' || aid) || md5('b' || aid), 84);
      vacuum full pgbench_accounts; checkpoint`);
    return new WalSource(cluster);
  }

  /** What the benchmark's size asks for: half of it, which is a gibibyte by default. */
  async write(bytes: number): Promise<Written> {
    const begin = await this.position();
    const started = performance.now();
    let end = begin;
    for (; (await this.distance(begin, end)) < bytes; end = await this.position()) {
      const share = this.turn++ % shares;
      await this.cluster.psql(`update pgbench_accounts set abalance = abalance + 1 where aid % ${shares} = ${share}`);
    }
    return { bytes: await this.distance(begin, end), seconds: (performance.now() - started) / 1000, end };
  }

  position(): Promise<string> {
    return this.cluster.psql('select pg_current_wal_flush_lsn()');
  }

  async distance(from: string, to: string): Promise<number> {
    return Number(await this.cluster.psql(`select pg_wal_lsn_diff('${to}', '${from}')`));
  }

  async archiveWith(command: string): Promise<void> {
    await this.cluster.psql(`alter system set archive_command = '${command.replaceAll("'", "''")}'`);
    await this.cluster.psql('select pg_reload_conf()');
  }

  /** Waits until our receiver streams. */
  async streaming(): Promise<void> {
    await this.until(`select count(*) > 0 from pg_stat_replication where state = 'streaming'`);
  }

  /** Waits until the receiver has told the server that its stores hold everything up to a position. */
  async stored(position: string): Promise<void> {
    await this.until(`select coalesce(max(flush_lsn) >= '${position}', false) from pg_stat_replication`);
  }

  /** Ends the segment and waits until it has been archived. */
  async archived(): Promise<void> {
    const last = await this.cluster.psql('select pg_walfile_name(pg_switch_wal())');
    await this.until(`select coalesce(last_archived_wal >= '${last}', false) from pg_stat_archiver`);
  }

  private async until(condition: string): Promise<void> {
    const client = await this.cluster.client();
    for (;;) {
      const { rows } = await client.query<Record<string, boolean>>(condition);
      if (Object.values(rows[0] ?? {})[0]) break;
      await pause(20);
    }
    await client.end();
  }
}
