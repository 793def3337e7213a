/**
 * Real PostgreSQL clusters for tests: each in its own temporary directory (0755, so that the server's user can pass), reached
 * through its own socket directory, owned by an ordinary user when the tests run as root, gone after `destroy()`.
 *
 * Not guaranteed: durability. `fsync` is off, so that kill -9 of a server is survived and a power cut is not.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { initialise } from './initialised';
import { binDirOf, freePort, serverUser } from './postgres-host';

const run = promisify(execFile);

export interface ClusterOptions {
  /** Major version; default: the newest found on this machine. */
  version?: number;
  /** Its programs, instead. */
  binDir?: string;
  /** Part of the temporary directory's name; keep it short. */
  name?: string;
  /** Settings for `postgresql.conf`, over our defaults. */
  conf?: Record<string, string | number>;
  /** Names of tablespaces to create; their directories lie below `dir`. */
  tablespaces?: string[];
  checksums?: boolean;
  port?: number;
  /** More arguments for `initdb`, for example `--wal-segsize=1`. */
  initdb?: string[];
}

const defaults: Record<string, string | number> = {
  listen_addresses: '',
  fsync: 'off',
  wal_level: 'replica',
  max_wal_senders: 10,
  max_replication_slots: 10,
  max_connections: 60,
  shared_buffers: '32MB',
  max_wal_size: '256MB',
  autovacuum_naptime: '5min',
  log_min_messages: 'info',
};

/** Initialises and starts a cluster whose superuser is `postgres` (trust over the socket). */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const cluster = await Cluster.layOut(options);
  const { checksums = true, tablespaces = [] } = options;
  await initialise(cluster, [...(checksums ? ['-k'] : []), ...(options.initdb ?? [])]);
  cluster.configure(options.conf ?? {});
  await cluster.start();
  for (const name of tablespaces) await cluster.createTablespace(name);
  return cluster;
}

export class Cluster {
  readonly dataDir: string;
  readonly socketDir: string;
  readonly logFile: string;
  private server?: ChildProcess;
  private readonly clients = new Set<pg.Client>();
  private readonly standbys: Cluster[] = [];
  private readonly reap = () => this.server?.kill('SIGQUIT');

  private constructor(
    /** Everything of this cluster lies below it. */
    readonly dir: string,
    readonly port: number,
    readonly binDir: string,
  ) {
    this.dataDir = path.join(dir, 'data');
    this.socketDir = path.join(dir, 's');
    this.logFile = path.join(dir, 'log');
  }

  /** The directories of a cluster, without data. */
  static async layOut({ version, binDir: named, name = 'pg', port }: ClusterOptions, like?: Cluster): Promise<Cluster> {
    const binDir = like?.binDir ?? named ?? (await binDirOf(version));
    const dir = mkdtempSync(path.join(tmpdir(), `hf-${name}-`));
    chmodSync(dir, 0o755);
    const cluster = new Cluster(dir, port ?? (await freePort()), binDir);
    cluster.own(dir);
    cluster.directory(cluster.socketDir);
    return cluster;
  }

  /** libpq keyword string of the superuser. */
  get conninfo(): string {
    return `host=${this.socketDir} port=${this.port} user=postgres dbname=postgres`;
  }

  /** The postmaster's pid while it runs. */
  get pid(): number | undefined {
    return this.server?.exitCode === null && this.server.signalCode === null ? this.server.pid : undefined;
  }

  /** A connected client, ended by `destroy()` if nobody does before. Loses its connection in silence when the server dies. */
  async client(config: pg.ClientConfig = {}): Promise<pg.Client> {
    const client = new pg.Client({
      host: this.socketDir,
      port: this.port,
      user: 'postgres',
      database: 'postgres',
      ...config,
    });
    client.on('error', () => undefined);
    await client.connect();
    this.clients.add(client);
    client.once('end', () => this.clients.delete(client));
    return client;
  }

  /** Runs SQL by `psql`, each statement its own transaction; returns what it printed, unaligned, tuples only. */
  async psql(sql: string, database = 'postgres'): Promise<string> {
    const args = ['-X', '-qAt', '-v', 'ON_ERROR_STOP=1', '-d', database, '-f', '-'];
    return (await this.program('psql', args, sql)).trimEnd();
  }

  async pgbench(args: string[], database = 'postgres'): Promise<string> {
    return this.program('pgbench', [...args, database]);
  }

  /** Runs one of the server's programs as the cluster's user, its environment pointing at this cluster; returns stdout. */
  async program(name: string, args: string[], input = ''): Promise<string> {
    const running = run(path.join(this.binDir, name), args, {
      ...this.asUser(),
      cwd: this.dir,
      env: this.environment(),
      maxBuffer: 64 << 20,
    });
    // A program that reads nothing may be gone before it is told that there is nothing.
    running.child.stdin?.on('error', () => undefined).end(input);
    return (await running).stdout;
  }

  /** Starts the server and waits until it accepts connections (reading ones on a standby). */
  async start(): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      if (await this.tryStart()) return;
      // The backends of a server killed a moment ago may still hold its shared memory.
      const log = readFileSync(this.logFile, 'utf8').slice(-2000);
      if (attempt === 20 || !/shared memory block|lock file/.test(log)) throw new Error(`no start:\n${log}`);
      await sleep(250);
    }
  }

  async stop(mode: 'smart' | 'fast' | 'immediate' = 'fast'): Promise<void> {
    await this.end(mode === 'fast' ? 'SIGINT' : mode === 'smart' ? 'SIGTERM' : 'SIGQUIT');
  }

  async kill9(): Promise<void> {
    await this.end('SIGKILL');
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** Ends recovery and waits until the server accepts writes. */
  async promote(): Promise<void> {
    await this.psql('select pg_promote(true, 60)');
  }

  /** Appends settings to `postgresql.conf`; a running server needs a reload or restart. */
  configure(conf: Record<string, string | number>): void {
    const all = { ...defaults, unix_socket_directories: this.socketDir, port: this.port, ...conf };
    const lines = Object.entries(all).map(([key, value]) => `${key} = '${String(value).replaceAll("'", "''")}'\n`);
    writeFileSync(path.join(this.dataDir, 'postgresql.conf'), lines.join(''), { flag: 'a' });
  }

  async createTablespace(name: string): Promise<string> {
    const location = this.directory(path.join(this.dir, `ts-${name}`));
    await this.psql(`create tablespace ${name} location '${location}'`);
    return location;
  }

  /** A directory owned by the cluster's user, 0755; returns its path. */
  directory(location: string): string {
    mkdirSync(location, { mode: 0o755, recursive: true });
    this.own(location);
    return location;
  }

  /** A streaming standby of this cluster, running, destroyed with it. */
  async standby({ name = 'sb', conf = {} }: Pick<ClusterOptions, 'name' | 'conf'> = {}): Promise<Cluster> {
    const standby = await Cluster.layOut({ name }, this);
    this.standbys.push(standby);
    const tablespaces = await this.psql(
      `select pg_tablespace_location(oid) from pg_tablespace where pg_tablespace_location(oid) <> ''`,
    );
    const moved = tablespaces.split('\n').filter(Boolean);
    await this.program('pg_basebackup', [
      ...['-D', standby.dataDir, '-R', '-X', 'stream', '-c', 'fast', '--no-sync', '-d', this.conninfo],
      ...moved.flatMap((from) => ['-T', `${from}=${path.join(standby.dir, path.basename(from))}`]),
    ]);
    standby.configure(conf);
    await standby.start();
    return standby;
  }

  /** Ends the server, closes clients, removes every file. */
  async destroy(): Promise<void> {
    for (const standby of this.standbys) await standby.destroy();
    await this.stop('immediate');
    await this.endStranger();
    await Promise.all([...this.clients].map((one) => one.end().catch(() => undefined)));
    rmSync(this.dir, { recursive: true, force: true });
  }

  private async tryStart(): Promise<boolean> {
    const log = openSync(this.logFile, 'a');
    const server = spawn(path.join(this.binDir, 'postgres'), ['-D', this.dataDir], {
      ...this.asUser(),
      cwd: this.dir,
      env: this.environment(),
      stdio: ['ignore', log, log],
      detached: true, // a Ctrl-C of the tests is no fast shutdown of this server
    });
    this.server = server;
    server.on('error', () => undefined);
    process.on('exit', this.reap);
    for (let tries = 0; tries < 600 && this.pid !== undefined; tries++) {
      if (await this.accepts()) return true;
      await sleep(50);
    }
    return false;
  }

  private async accepts(): Promise<boolean> {
    try {
      await (await this.client()).end();
      return true;
    } catch {
      return false;
    }
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const server = this.server;
    process.off('exit', this.reap);
    if (!server || this.pid === undefined) return;
    const ended = new Promise((resolve) => server.once('exit', resolve));
    server.kill(signal);
    await ended;
  }

  /** A server on our data that somebody else started (a restore in place does). */
  private async endStranger(): Promise<void> {
    const file = path.join(this.dataDir, 'postmaster.pid');
    const at = () => {
      try {
        const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
        return readlinkSync(`/proc/${pid}/cwd`) === this.dataDir ? pid : undefined;
      } catch {
        return undefined;
      }
    };
    const pid = at();
    if (pid !== undefined) process.kill(pid, 'SIGQUIT');
    for (let tries = 0; tries < 100 && at() !== undefined; tries++) await sleep(50);
  }

  private environment(): NodeJS.ProcessEnv {
    return {
      PATH: `${this.binDir}:${process.env.PATH}`,
      PGHOST: this.socketDir,
      PGPORT: String(this.port),
      PGUSER: 'postgres',
      LC_ALL: 'C',
      TZ: 'UTC',
    };
  }

  private asUser(): { uid?: number; gid?: number } {
    return serverUser() ?? {};
  }

  private own(location: string): void {
    const user = serverUser();
    if (user) chownSync(location, user.uid, user.gid);
  }
}
