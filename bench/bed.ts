/**
 * What every contender meets: one PostgreSQL server with a database of the wanted size, one folder for repositories and targets on
 * the same file system, one S3 server. Made when first needed, gone after `destroy()`.
 */
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Cluster, type ClusterOptions, startCluster } from '../test/support/postgres-cluster';
import { serverUser } from '../test/support/postgres-host';
import { startTlsS3, type TlsS3 } from './s3';

export interface BedOptions {
  /** Size of the database. */
  mib: number;
  rounds: number;
  /** Of one sample, for the works that look on for a time; absent: what each of them takes. */
  seconds?: number;
  /** In the catalog, for the work that is about one. */
  backups: number;
  /** The server, where it is not the machine's newest as it comes. */
  server?: Pick<ClusterOptions, 'binDir' | 'conf'>;
  say: (line: string) => void;
}

/** Of data and primary key in the database of one scale factor. */
const mibPerScale = 14.9;

export class Bed {
  readonly dir = mkdtempSync(path.join(tmpdir(), 'hf-bench-'));
  readonly user = serverUser() ?? {};
  private readonly ending: (() => Promise<void>)[] = [];
  private server: Promise<Cluster> | undefined;
  private store: Promise<TlsS3> | undefined;

  constructor(readonly options: BedOptions) {
    chmodSync(this.dir, 0o755);
  }

  /** The server, filled and idle. */
  cluster(): Promise<Cluster> {
    this.server ??= this.fill();
    return this.server;
  }

  s3(): Promise<TlsS3> {
    this.store ??= startTlsS3(this.folder('s3')).then((s3) => {
      this.ending.push(() => s3.stop());
      return s3;
    });
    return this.store;
  }

  /** A folder that belongs to the user whom PostgreSQL runs as: peers run as that one too. */
  folder(name: string): string {
    const made = path.join(this.dir, name);
    mkdirSync(made, { recursive: true, mode: 0o755 });
    const { uid, gid } = this.user as { uid?: number; gid?: number };
    if (uid !== undefined && gid !== undefined) chownSync(made, uid, gid);
    return made;
  }

  /** Ends something with the bed, last first. */
  atEnd(end: () => Promise<void>): void {
    this.ending.push(end);
  }

  async destroy(): Promise<void> {
    for (const end of this.ending.toReversed()) await end();
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 5 });
  }

  /**
   * Accounts of pgbench whose filler is text that does not compress to nothing: with the blanks that pgbench writes there, every
   * program would measure its own memory copies.
   */
  private async fill(): Promise<Cluster> {
    const { mib, server, say } = this.options;
    say(`making a database of ${mib} MiB`);
    const conf = { autovacuum: 'off', max_wal_size: '512MB', ...server?.conf };
    const cluster = await startCluster({ ...server, name: 'bench', conf });
    this.ending.push(() => cluster.destroy());
    const scale = Math.max(1, Math.round(mib / mibPerScale));
    await cluster.pgbench(['-i', '-I', 'dt', '-q']);
    await cluster.psql(`insert into pgbench_branches select g, 0 from generate_series(1, ${scale}) g;
      insert into pgbench_tellers select g, (g - 1) / 10 + 1, 0 from generate_series(1, ${scale} * 10) g;
      insert into pgbench_accounts select g, (g - 1) / 100000 + 1, 0,
        left(md5(g::text) || md5('a' || g) || md5('b' || g), 84) from generate_series(1, ${scale} * 100000) g;`);
    await cluster.pgbench(['-i', '-I', 'vp', '-q']);
    await cluster.psql('checkpoint');
    return cluster;
  }
}
