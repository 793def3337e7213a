/** Who gets a server's WAL, and whether commits wait for them: a figure means something only while that is as it should be. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Cluster } from '../test/support/postgres-cluster';

/** Nobody receives it, somebody follows, commits wait for somebody. */
export type Waiting = 'nobody' | 'async' | 'sync';

const limitMs = 120_000;

/** @throws Error when it does not come to that */
export async function untilWaiting(cluster: Cluster, wanted: Waiting): Promise<void> {
  for (const end = performance.now() + limitMs; ; await pause(50)) {
    const now = await waiting(cluster);
    if (now === wanted) return;
    if (performance.now() > end) throw new Error(`commits should wait as with "${wanted}", and it is "${now}"`);
  }
}

/** @returns one of `Waiting`, or that it is something in between */
export async function waiting(cluster: Cluster): Promise<string> {
  return await cluster.psql(`select case
    when current_setting('synchronous_standby_names') = '' and count(*) = 0 then 'nobody'
    when current_setting('synchronous_standby_names') = '' and bool_and(state = 'streaming') then 'async'
    when bool_or(state = 'streaming' and sync_state in ('sync', 'quorum')) then 'sync' else 'in between' end
    from pg_stat_replication`);
}

/** WAL that is written and not yet confirmed by who receives it; undefined when they do not tell. */
export async function behindBytes(cluster: Cluster): Promise<number | undefined> {
  const said = await cluster.psql(
    'select max(pg_wal_lsn_diff(pg_current_wal_flush_lsn(), flush_lsn)) from pg_stat_replication',
  );
  return said === '' ? undefined : Number(said);
}
