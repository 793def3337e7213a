/**
 * PostgreSQL's own receiver, which writes WAL into a directory: plain, in clear, on the server's own disk. With `--synchronous` it is
 * a synchronous standby, and syncs that directory's file before it confirms.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import path from 'node:path';
import type { Cluster } from '../../test/support/postgres-cluster';
import type { Bed } from '../bed';

const receiver = 'bench_receivewal';

export class PgReceivewal {
  private constructor(
    private readonly cluster: Cluster,
    private readonly program: ChildProcess,
    private readonly dir: string,
    private readonly synchronous: boolean,
  ) {}

  static async start(bed: Bed, cluster: Cluster, synchronous: boolean): Promise<PgReceivewal> {
    const dir = bed.folder('receivewal');
    const connection = `${cluster.conninfo} application_name=${receiver}`;
    const program = spawn(
      path.join(cluster.binDir, 'pg_receivewal'),
      ['-D', dir, '-d', connection, '--no-loop', ...(synchronous ? ['--synchronous'] : [])],
      { ...bed.user, cwd: '/', stdio: 'ignore' },
    );
    await once(program, 'spawn');
    if (synchronous) await standbyNames(cluster, `set synchronous_standby_names = '${receiver}'`);
    const started = new PgReceivewal(cluster, program, dir, synchronous);
    bed.atEnd(() => started.end());
    return started;
  }

  async stop(): Promise<void> {
    if (this.synchronous) await standbyNames(this.cluster, 'reset synchronous_standby_names');
    await this.end();
    rmSync(this.dir, { recursive: true, force: true });
  }

  private async end(): Promise<void> {
    if (this.program.exitCode !== null || this.program.signalCode !== null) return;
    const gone = once(this.program, 'exit');
    this.program.kill('SIGINT');
    await gone;
  }
}

async function standbyNames(cluster: Cluster, what: string): Promise<void> {
  await cluster.psql(`alter system ${what}`);
  await cluster.psql('select pg_reload_conf()');
}
