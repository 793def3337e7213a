/** What a database may be doing while its WAL is shipped: nothing, hardly anything, as much as it can. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Cluster } from '../test/support/postgres-cluster';

export interface Load {
  name: string;
  /** @returns commits a second, of those whose time it was */
  run(cluster: Cluster, seconds: number): Promise<number>;
}

/** Branches of pgbench: each of as many clients has one of its own, as a rule. */
export const scale = 10;
const clients = 8;
const apartMs = 500;

export const loads: Load[] = [
  {
    name: 'idle',
    async run(_cluster, seconds) {
      await pause(seconds * 1000);
      return 0;
    },
  },
  { name: 'two commits a second', run: twoASecond },
  {
    name: `pgbench, ${clients} clients`,
    async run(cluster, seconds) {
      const said = await cluster.pgbench([
        '-n',
        '-M',
        'prepared',
        '-c',
        String(clients),
        '-j',
        '2',
        '-T',
        String(seconds),
      ]);
      return Number(/^tps = ([\d.]+)/m.exec(said)?.[1]);
    },
  },
];

async function twoASecond(cluster: Cluster, seconds: number): Promise<number> {
  const client = await cluster.client();
  const started = performance.now();
  const end = started + seconds * 1000;
  let commits = 0;
  for (let next = started; next < end; next += apartMs) {
    await client.query('update pgbench_branches set bbalance = bbalance + 1 where bid = 1');
    commits++;
    await pause(Math.max(0, next + apartMs - performance.now()));
  }
  const rate = (commits * 1000) / (performance.now() - started);
  await client.end();
  return rate;
}
