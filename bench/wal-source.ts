/**
 * A server that writes WAL to order, for the works that are about WAL alone: rows of text that does not compress to nothing, loaded
 * in bulk from a table that stays in memory. Next to nothing is there before, so that restoring it costs nothing beside the replay.
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

/** By one statement: some 15 MB of WAL. */
const rowsAtOnce = 100_000;

export class WalSource {
  private constructor(readonly cluster: Cluster) {}

  static async start(bed: Bed): Promise<WalSource> {
    const conf = { autovacuum: 'off', max_wal_size: '1GB', archive_mode: 'on', archive_command: '/bin/true' };
    const cluster = await startCluster({ name: 'bwal', conf });
    bed.atEnd(() => cluster.destroy());
    await cluster.pgbench(['-i', '-s', '1', '-q']);
    await cluster.psql(`create table loaded (id bigint, pad text);
      create table page as select g::bigint as id, left(md5(g::text) || md5('a' || g) || md5('b' || g), 84) as pad
        from generate_series(1, ${rowsAtOnce}) g;
      checkpoint`);
    return new WalSource(cluster);
  }

  /** What is loaded stays: it is what a replay has to bring back. */
  async write(bytes: number): Promise<Written> {
    const client = await this.cluster.client();
    const begin = await this.position();
    const started = performance.now();
    let end = begin;
    for (; (await this.distance(begin, end)) < bytes; end = await this.position()) {
      await client.query('insert into loaded select * from page');
    }
    const seconds = (performance.now() - started) / 1000;
    await client.end();
    return { bytes: await this.distance(begin, end), seconds, end };
  }

  /** As it was at the start. */
  async empty(): Promise<void> {
    await this.cluster.psql('truncate loaded; checkpoint');
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
