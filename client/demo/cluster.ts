/** The demo's PostgreSQL: a real server of this machine's newest version, reached only through a socket that others cannot open. */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { runningInstance, startInstance, waitUntilFree } from '../../components/postgres/instance';
import { giveTo, type Owner, runAs } from '../../components/postgres/owner';
import { findServerTools, type ServerTools } from '../../components/postgres/tools';
import { HoldfastError } from '../../domain/errors';
import { killQuietly } from './tidy';

const majors = [18, 17, 16, 15, 14, 13];

export class Cluster {
  readonly dataDir: string;
  readonly socketDir: string;

  private constructor(
    readonly home: string,
    readonly tools: ServerTools,
    readonly owner: Owner,
  ) {
    this.dataDir = path.join(home, 'data');
    this.socketDir = path.join(home, 'socket');
  }

  /** Makes it below `home`, which must not exist, and starts it. */
  static async create(home: string, signal: AbortSignal): Promise<Cluster> {
    const cluster = new Cluster(home, await newestTools(), ordinaryUser());
    for (const folder of [home, cluster.socketDir]) {
      mkdirSync(folder, { mode: 0o700 });
      giveTo(cluster.owner, folder);
    }
    const args = [
      '-D',
      cluster.dataDir,
      '-U',
      'postgres',
      '-A',
      'trust',
      '-E',
      'UTF8',
      '--locale=C',
      '-k',
      '--no-sync',
    ];
    const { code, stderr } = await runAs(cluster.owner, cluster.tools.program('initdb'), args, { signal });
    if (code !== 0) throw new HoldfastError('internal', `initdb failed: ${stderr.trim()}`);
    writeFileSync(path.join(cluster.dataDir, 'postgresql.auto.conf'), settings(cluster.socketDir));
    await startInstance(cluster.tools, cluster.dataDir, { logFile: cluster.logFile });
    return cluster;
  }

  get logFile(): string {
    return path.join(this.home, 'server.log');
  }

  get conninfo(): string {
    return `host=${this.socketDir} user=postgres dbname=postgres`;
  }

  /** A connection that is lost in silence when the server dies. */
  async connect(): Promise<pg.Client> {
    const client = new pg.Client({ host: this.socketDir, user: 'postgres', database: 'postgres' });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }

  /** Waits until the server accepts writes through its usual door. */
  async serving(signal: AbortSignal): Promise<void> {
    for (; !signal.aborted; await sleep(100)) {
      const client = await this.connect().catch(() => undefined);
      const answer = await client?.query('select not pg_is_in_recovery() as open').catch(() => undefined);
      await client?.end().catch(() => undefined);
      if (answer?.rows[0]?.open === true) return;
    }
  }

  /** kill -9 of the postmaster and of every child it has. */
  async kill9(before: (pid: number) => void): Promise<{ postmaster: number; children: number }> {
    const running = runningInstance(this.dataDir);
    if (!running) throw new HoldfastError('internal', 'the server to be killed does not run');
    const children = childrenOf(running.pid);
    before(running.pid);
    for (const pid of [running.pid, ...children]) killQuietly(pid);
    await waitUntilFree(running.pid);
    return { postmaster: running.pid, children: children.length };
  }
}

async function newestTools(): Promise<ServerTools> {
  let none: unknown;
  for (const major of majors) {
    try {
      return await findServerTools(major);
    } catch (error) {
      none = error;
    }
  }
  throw none;
}

/** PostgreSQL refuses root: then it is `postgres`, or where there is none `nobody`. */
function ordinaryUser(): Owner {
  const uid = process.getuid?.() ?? 0;
  if (uid !== 0) return { uid, gid: process.getgid?.() ?? uid };
  const users = existsSync('/etc/passwd') ? readFileSync('/etc/passwd', 'utf8').split('\n') : [];
  for (const user of ['postgres', 'nobody']) {
    const fields = users.map((line) => line.split(':')).find(([name]) => name === user);
    if (fields) return { uid: Number(fields[2]), gid: Number(fields[3]), user };
  }
  throw new HoldfastError('postgres_rights', 'PostgreSQL does not run as root, and there is no other user', {
    hints: ['run the demo as an ordinary user'],
  });
}

function settings(socketDir: string): string {
  const all = {
    listen_addresses: '',
    unix_socket_directories: socketDir,
    wal_level: 'replica',
    track_commit_timestamp: 'on',
    shared_buffers: '64MB',
    max_wal_size: '1GB',
    // Files of the data directory instead of the host's shared memory: a kill -9 leaves nothing outside.
    dynamic_shared_memory_type: 'mmap',
  };
  return Object.entries(all)
    .map(([name, value]) => `${name} = '${value}'\n`)
    .join('');
}

function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === parent;
      } catch {
        return false;
      }
    });
}

/** The demo's folder must let the server's user pass. */
export function openToAll(folder: string): void {
  chmodSync(folder, 0o755);
}
