/** Changes everywhere in the database, a few at a time, while something else happens. Survives the server's death. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../support/postgres-cluster';

export interface Load {
  /** Ends it; how many transactions were committed. */
  stop(): Promise<number>;
}

export async function prepareLoad(cluster: Cluster, scale: number): Promise<void> {
  await cluster.pgbench(['-i', '-q', '-s', String(scale)]);
  await cluster.psql(`create table ledger (id bigserial primary key, at timestamptz not null default clock_timestamp());
    create table doomed (id int primary key, x text); insert into doomed select g, md5(g::text) from generate_series(1, 2000) g`);
}

export function startLoad(cluster: Cluster, scale: number, pauseMs = 40): Load {
  let [stopping, committed] = [false, 0];
  const run = async () => {
    let client = await cluster.client();
    while (!stopping) {
      try {
        const id = 1 + Math.floor(Math.random() * scale * 100_000);
        await client.query('update pgbench_accounts set abalance = abalance + 1 where aid = $1', [id]);
        await client.query('insert into ledger default values');
        committed++;
      } catch {
        await client.end().catch(() => undefined);
        client = await cluster.client().catch(() => client);
      }
      await sleep(pauseMs);
    }
    await client.end().catch(() => undefined);
  };
  const running = run();
  return {
    async stop() {
      stopping = true;
      await running;
      return committed;
    },
  };
}
