/**
 * Work for a database while it is backed up: `pgbench`, and a ledger whose every row is one transaction, so that the commit
 * timestamps of the server can judge what a restore to a point in time brought back.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import type pg from 'pg';
import type { Cluster } from '../support/postgres-cluster';
import { serverUser } from '../support/postgres-host';

/** `pgbench` scale: about 15 MiB each; the soak takes 70 for about 1 GiB. */
export const scale = Number(process.env.HOLDFAST_TEST_SCALE ?? 2);

export class Load {
  private running = true;
  private readonly ends: Promise<void>[] = [];
  private bench?: ChildProcess;

  private constructor(private readonly cluster: Cluster) {}

  /** Writes by these many clients into `ledger (id, pad)`, which is made when it is not there; with `bench`, also by pgbench. */
  static async start(cluster: Cluster, { clients = 2, bench = false } = {}): Promise<Load> {
    const load = new Load(cluster);
    await cluster.psql('create table if not exists ledger (id bigserial primary key, pad text)');
    for (let count = 0; count < clients; count++) load.ends.push(load.write(await cluster.client()));
    if (bench) load.startBench();
    return load;
  }

  async stop(): Promise<void> {
    this.running = false;
    await Promise.all(this.ends);
    if (this.bench?.exitCode === null) {
      const ended = new Promise((resolve) => this.bench?.once('exit', resolve));
      this.bench.kill('SIGTERM');
      await ended;
    }
  }

  private async write(client: pg.Client): Promise<void> {
    while (this.running) await client.query('insert into ledger (pad) values (md5(random()::text))');
    await client.end();
  }

  private startBench(): void {
    const { binDir, socketDir, port, dir } = this.cluster;
    const args = ['-n', '-c', '2', '-T', '3600', '-R', '200', '-h', socketDir, '-p', String(port), '-U', 'postgres'];
    this.bench = spawn(path.join(binDir, 'pgbench'), [...args, 'postgres'], {
      ...serverUser(),
      cwd: dir,
      stdio: 'ignore',
    });
  }
}

export interface LedgerRow {
  id: string;
  xid: string;
  /** Microseconds since 1970: when it was committed. */
  at: bigint;
}

/** Every row with the time of its commit, in order of commit. */
export async function ledgerOf(cluster: Cluster): Promise<LedgerRow[]> {
  const out = await cluster.psql(
    `select id, xmin, (extract(epoch from pg_xact_commit_timestamp(xmin)) * 1000000)::bigint from ledger order by 3`,
  );
  return out.split('\n').map((line) => {
    const [id = '', xid = '', at = ''] = line.split('|');
    return { id, xid, at: BigInt(at) };
  });
}

/**
 * The wanted instant, or one behind it, at which no commit is under way: between commits that are 200 µs apart, no backend stands
 * between taking its time and writing it.
 */
export function steadyInstant(ledger: LedgerRow[], wanted: bigint): bigint {
  const far = ({ at }: LedgerRow) => at < wanted - 100n || at > wanted + 100n;
  if (ledger.every(far)) return wanted;
  const at = ledger.findIndex((row, index) => row.at >= wanted && (ledger[index + 1]?.at ?? row.at) - row.at > 200n);
  return (ledger[at]?.at ?? ledger.at(-1)?.at ?? wanted) + 100n;
}

/** Which rows a restored database has, as one text, in order of id. */
export async function ledgerIds(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ id: string }>('select id::text from ledger order by ledger.id');
  return rows.map(({ id }) => id);
}

/** The server's clock, RFC 3339 UTC with microseconds. */
export async function serverTime(cluster: Cluster): Promise<string> {
  return cluster.psql(`select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`);
}
