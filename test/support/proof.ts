/** Whether a restored database is right: PostgreSQL's own judges, and every row of every table. */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { Cluster } from './postgres-cluster';

/** A checksum of the contents of every table of every database, whatever the order of the rows. */
export async function tableSums(cluster: Cluster, config: pg.ClientConfig = {}): Promise<Record<string, string>> {
  const sums: Record<string, string> = {};
  const first = await cluster.client(config);
  const { rows } = await first.query<{ datname: string }>('select datname from pg_database where datallowconn');
  await first.end();
  for (const { datname } of rows) {
    const client = await cluster.client({ ...config, database: datname });
    const tables = await client.query<{ name: string }>(
      `select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where relkind = 'r' and relpersistence = 'p' and nspname not in ('pg_catalog', 'information_schema')`,
    );
    for (const { name } of tables.rows) {
      const sql = `select count(*) || ':' || coalesce(sum(('x' || left(md5(t::text), 15))::bit(60)::bigint), 0) as sum from ${name} t`;
      sums[`${datname}.${name}`] = (await client.query<{ sum: string }>(sql)).rows[0]?.sum ?? '';
    }
    const objects = await client.query<{ sum: string }>(
      `select count(*) || ':' || coalesce(sum(('x' || left(md5(loid || '/' || pageno || encode(data, 'hex')), 15))::bit(60)::bigint), 0) as sum from pg_largeobject`,
    );
    sums[`${datname}.large objects`] = objects.rows[0]?.sum ?? '';
    await client.end();
  }
  return sums;
}

/** A copy that replays by itself lets readers in before it has reached its target. */
async function recovered(cluster: Cluster, at: pg.ClientConfig): Promise<void> {
  const client = await cluster.client(at);
  for (const deadline = Date.now() + 60_000; ; await sleep(100)) {
    const { rows } = await client.query<{ busy: boolean }>('select pg_is_in_recovery() as busy');
    if (!rows[0]?.busy) break;
    if (Date.now() > deadline) throw new Error('the copy does not come to the end of its recovery');
  }
  await client.end();
}

export interface Opened {
  client(config?: pg.ClientConfig): Promise<pg.Client>;
  sums(): Promise<Record<string, string>>;
  /** `pg_amcheck --all`: throws with what it found. */
  amcheck(): Promise<void>;
  close(): Promise<void>;
}

/** Starts a restored data directory on a socket of its own, with the programs (and the user) of a cluster of the same version. */
export async function openRestored(cluster: Cluster, dataDir: string): Promise<Opened> {
  const port = '5999';
  const options = `-p ${port} -k ${cluster.socketDir} -c listen_addresses= -c archive_mode=off`;
  await cluster.program('pg_ctl', [
    '-D',
    dataDir,
    '-w',
    '-l',
    path.join(cluster.socketDir, 'restored.log'),
    '-o',
    options,
    'start',
  ]);
  const at = { host: cluster.socketDir, port: Number(port) };
  await recovered(cluster, at);
  return {
    client: (config = {}) => cluster.client({ ...at, ...config }),
    sums: () => tableSums(cluster, at),
    async amcheck() {
      const where = ['-h', cluster.socketDir, '-p', port, '-U', 'postgres'];
      await cluster.program('pg_amcheck', [...where, '--all', '--install-missing']);
    },
    async close() {
      await cluster.program('pg_ctl', ['-D', dataDir, '-w', '-m', 'fast', 'stop']);
      rmSync(path.join(cluster.socketDir, 'restored.log'), { force: true });
    },
  };
}
