/**
 * A host that is lost under load: PostgreSQL with every process of its, its directory and the agent, at once. What is left is the
 * bucket; another machine restores from it, and what clients had been told is held against what came back.
 */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../support/postgres-cluster';
import { openRestored } from '../support/proof';
import { endOf, TestSystem } from '../support/system';

export interface Doom {
  mode: 'async' | 'sync' | 'hybrid';
  seed: number;
  clients: number;
  /** Between two commits of a client: milliseconds. */
  pauseMs: number;
  /** In mode `async`. */
  interval?: string;
}

export interface Survived {
  /** Commits that came back without a warning. */
  acknowledged: number;
  /** … and are not in the restored database. */
  lost: number;
  /** Between the last commit that came back to its client and the last one restored: milliseconds by the server's clock. */
  lostMs: number;
}

interface Told {
  client: number;
  n: number;
  /** The server's clock at the commit, microseconds since 1970. */
  at: bigint;
}

export async function loseHost(doom: Doom): Promise<Survived> {
  const system = await TestSystem.create({
    store: 's3',
    configure: (config) => {
      const { database } = (config['sites'] as { dc01: { components: { database: object } } }).dc01.components;
      const { mode, interval } = doom;
      Object.assign(database, { wal: { mode, ...(interval && { interval }) } });
    },
  });
  try {
    const { cluster } = system;
    await cluster.psql('create table ledger (client int, n int, at timestamptz, primary key (client, n))');
    const up = await system.up();
    const backup = await system.procedure('backup');
    if (backup.status !== 'completed') throw new Error(`no backup: ${JSON.stringify(backup.error)}`);
    if (doom.mode !== 'async') await commitsWait(system);
    const load = startLedger(cluster, doom);
    await sleep(1500 + 3000 * fraction(doom.seed));
    const victims = [up.pid, ...processesOf(cluster)];
    for (const pid of doom.seed % 2 === 0 ? victims : victims.reverse()) killIfThere(pid);
    await up.kill9();
    await cluster.kill9();
    const told = await load.stop();
    rmSync(cluster.dataDir, { recursive: true, force: true });
    return await judge(system, told);
  } finally {
    await system.destroy();
  }
}

/** On another machine: no state, no database, nothing but the configuration, the key and the bucket. */
async function judge(system: TestSystem, told: Told[]): Promise<Survived> {
  const to = path.join(system.dir, 'rescued');
  const env = { XDG_STATE_HOME: path.join(system.dir, 'elsewhere') };
  const { code, stdout, stderr } = await endOf(
    system.spawn(['restore', 'latest', '--component', 'database', '--to', to, '--json', '--yes'], { env }),
  );
  if (code !== 0) throw new Error(`no restore: ${stdout}\n${stderr}`);
  const opened = await openRestored(system.cluster, path.join(to, 'database'));
  try {
    const client = await opened.client();
    const rows = await client.query<{ key: string; at: string }>(
      `select client || ' ' || n as key, ${micros('at')} from ledger`,
    );
    await client.query(`insert into ledger values (-1, -1, now())`); // nobody is waited for in a copy
    await client.end();
    const there = new Set(rows.rows.map(({ key }) => key));
    const latest = (times: bigint[]) => times.reduce((last, one) => (one > last ? one : last), 0n);
    const last = latest(told.map(({ at }) => at));
    const restored = latest(rows.rows.map(({ at }) => BigInt(at)));
    return {
      acknowledged: told.length,
      lost: told.filter(({ client: by, n }) => !there.has(`${by} ${n}`)).length,
      lostMs: last > restored ? Number(last - restored) / 1000 : 0,
    };
  } finally {
    await opened.close();
  }
}

async function commitsWait(system: TestSystem): Promise<void> {
  await system.until(async () => {
    const { stdout } = await system.cli('status', '--json');
    const [shipper] = (JSON.parse(stdout) as { shippers: { commits?: { state: string } }[] }).shippers;
    return shipper?.commits?.state === 'synchronous' || undefined;
  }, 60_000);
}

/** Clients that each insert, one row a transaction, and remember what came back without a warning. */
function startLedger(cluster: Cluster, { clients, pauseMs }: Doom): { stop: () => Promise<Told[]> } {
  const told: Told[] = [];
  let stopping = false;
  const run = async (number: number) => {
    const client = await cluster.client();
    let warned = false;
    client.on('notice', () => {
      warned = true;
    });
    for (let n = 0; !stopping; n++) {
      const sql = `insert into ledger values ($1, $2, clock_timestamp()) returning ${micros('at')}`;
      const { rows } = await client.query<{ at: string }>(sql, [number, n]);
      if (!warned) told.push({ client: number, n, at: BigInt(rows[0]?.at ?? 0) });
      warned = false;
      if (pauseMs > 0) await sleep(pauseMs);
    }
  };
  const runs = Array.from({ length: clients }, (_, number) => run(number).catch(() => undefined));
  return {
    stop: async () => {
      stopping = true;
      await Promise.all(runs);
      return told;
    },
  };
}

function micros(column: string): string {
  return `(extract(epoch from ${column}) * 1000000)::bigint::text as at`;
}

/** The postmaster and whoever it started: left alone, a backend could go on for a moment. */
function processesOf(cluster: Cluster): number[] {
  const { pid } = cluster;
  if (pid === undefined) throw new Error('the server does not run');
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => parentOf(name) === pid);
  return [pid, ...children.map(Number)];
}

/** A child of one that was killed before may be gone by itself. */
function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function parentOf(pid: string): number | undefined {
  try {
    return Number(
      readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /, '')
        .split(' ')[1],
    );
  } catch {
    return undefined; // gone meanwhile
  }
}

/** In [0, 1), the same for the same seed. */
function fraction(seed: number): number {
  return (((seed * 2654435761) >>> 0) % 10_007) / 10_007;
}
