/** Our own system under measurement: the command line and a running `holdfast up`, as their users have them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { stringify } from 'yaml';
import type { Receipt } from '../domain/backup';
import type { ProcedureResult } from '../domain/progress';
import { temporalCli } from '../test/support/parts';
import type { Cluster } from '../test/support/postgres-cluster';
import { cpuOf, peakMemoryOf } from './process-cost';
import type { TlsS3 } from './s3';
import { timed } from './timed';
import { untilWaiting, type Waiting } from './waiting';

export interface HoldfastOptions {
  /** Everything of it lies there. */
  dir: string;
  cluster?: Cluster;
  s3?: TlsS3;
  /** How WAL is shipped; absent: the product's own default. */
  wal?: Record<string, string>;
  /** Absent: the product's own default. */
  level?: number;
  jobs?: number;
  /** More of the configuration. */
  config?: Record<string, unknown>;
}

/** One procedure, from the command line to its receipt. */
export interface Performed {
  /** What the procedure says of itself. */
  result: ProcedureResult;
  /** Of the command line, from its start to its end. */
  wall: number;
  /** Command line, worker and Temporal server. */
  cpu: number;
  /** Title of each step → its seconds. */
  steps: Record<string, number>;
}

const main = path.join(__dirname, '../client/main.js');
/** One for each, so that nobody finds what another has stored. */
const bucketOf = (dir: string): string => path.basename(dir);

export class Holdfast {
  private worker: ChildProcess | undefined;
  /** The end of what the worker wrote to stderr. */
  private said = '';
  private constructor(private readonly options: HoldfastOptions) {}

  static async create(options: HoldfastOptions): Promise<Holdfast> {
    const { dir, cluster, s3, level, jobs = 2, wal, config: more = {} } = options;
    mkdirSync(path.join(dir, 'files'), { recursive: true });
    writeFileSync(path.join(dir, 'files', 'one'), 'one small file\n');
    writeFileSync(path.join(dir, 'master.key'), `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
    if (s3) await s3.makeBucket(bucketOf(dir));
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the configuration names secrets so
    const secrets = { accessKeyId: '${env:BENCH_S3_ACCESS}', secretAccessKey: '${env:BENCH_S3_SECRET}' };
    const component = cluster
      ? { database: { kind: 'postgres', connection: cluster.conninfo, dataDir: cluster.dataDir, ...(wal && { wal }) } }
      : { files: { kind: 'files', paths: [path.join(dir, 'files')] } };
    const config = {
      system: 'bench',
      sites: { dc01: { components: component } },
      stores: {
        hot: s3
          ? { kind: 's3', endpoint: s3.endpoint, bucket: bucketOf(dir), region: 'us-east-1', ...secrets }
          : { kind: 'dir', path: path.join(dir, 'store') },
      },
      encryption: { keyFile: path.join(dir, 'master.key') },
      parallelJobs: jobs,
      ...(level === undefined ? {} : { compression: { level } }),
      ...more,
    };
    writeFileSync(path.join(dir, 'holdfast.yaml'), stringify(config));
    const holdfast = new Holdfast(options);
    await holdfast.up();
    return holdfast;
  }

  /** The worker's peak of resident memory since it was started, in MiB. */
  get peakMemory(): number {
    return peakMemoryOf(this.worker?.pid ?? 0);
  }

  /** CPU seconds of the worker, and of the Temporal server beside it, since they were started. */
  get cpu(): { worker: number; temporal: number } {
    return { worker: cpuOf(this.worker?.pid ?? 0), temporal: cpuOf(this.serverPid) };
  }

  /** @throws Error unless the procedure completes */
  async perform(...args: string[]): Promise<Performed> {
    const command = [process.execPath, main, ...args, '--json', '--yes'].map((word) => `'${word}'`).join(' ');
    const pids = [this.worker?.pid ?? 0, this.serverPid];
    const before = pids.map(cpuOf);
    const { seconds, cpu, stdout } = await timed(command, { env: this.env });
    const used = pids.reduce((sum, pid, at) => sum + cpuOf(pid) - (before[at] ?? 0), 0);
    const result = JSON.parse(stdout) as ProcedureResult;
    return { result, wall: seconds, cpu: cpu + used, steps: this.stepsOf(result) };
  }

  /** Everything that a backup has in a store of kind dir: packs, indexes, manifests, receipt. */
  bytesOf(backupId: string): number {
    const folder = path.join(this.options.dir, 'store', 'backups', backupId);
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
    return files.reduce((sum, { parentPath, name }) => sum + statSync(path.join(parentPath, name)).size, 0);
  }

  async up(): Promise<void> {
    const worker = spawn(process.execPath, [main, 'up', '--json'], {
      cwd: this.options.dir,
      env: { ...process.env, ...this.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.worker = worker;
    worker.stderr.on('data', (data: Buffer) => {
      this.said = (this.said + String(data)).slice(-4000);
    });
    await new Promise<void>((resolve, reject) => {
      // What it answers may be why it could not begin.
      worker.stdout.once('data', (answer: Buffer) => {
        if (String(answer).startsWith('{"error"')) reject(new Error(`holdfast up: ${answer}`));
        else resolve();
      });
      worker.once('exit', (code) => reject(new Error(`holdfast up ended with ${code}: ${this.said}`)));
    });
  }

  /** Waits until it ships WAL, and commits wait for it or not. @throws Error with what the worker said when it does not come to that */
  async shipping(wanted: Waiting): Promise<void> {
    const { cluster } = this.options;
    if (cluster === undefined) throw new Error('there is no database whose WAL could be shipped');
    try {
      await untilWaiting(cluster, wanted);
    } catch (cause) {
      // It ends with 1 where a shipper is missing: what it prints is in the error then.
      const status = await timed(`'${process.execPath}' '${main}' status`, { env: this.env }).catch(String);
      const what = cause instanceof Error ? cause.message : String(cause);
      throw new Error(
        `${what}; the worker said: ${this.said}\n${typeof status === 'string' ? status : status.stdout}`,
        { cause },
      );
    }
  }

  async down(): Promise<void> {
    const worker = this.worker;
    this.worker = undefined;
    if (!worker || worker.exitCode !== null || worker.signalCode !== null) return;
    const gone = once(worker, 'exit');
    worker.kill('SIGTERM');
    await gone;
    // Our slot would keep the server's WAL while another contender works.
    await this.options.cluster?.psql(
      'select pg_drop_replication_slot(slot_name) from pg_replication_slots where not active',
    );
  }

  private get serverPid(): number {
    const file = path.join(this.options.dir, 'state', 'holdfast', 'bench', 'server.json');
    return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { pid: number }).pid : 0;
  }

  private stepsOf({ receipt }: ProcedureResult): Record<string, number> {
    const { dir, s3 } = this.options;
    const store = s3 ? path.join(s3.data, bucketOf(dir)) : path.join(dir, 'store');
    if (receipt === null) return {};
    const { holdfast } = JSON.parse(readFileSync(path.join(store, receipt), 'utf8')) as Receipt;
    return Object.fromEntries(holdfast.steps.map(({ title, seconds }) => [title, seconds]));
  }

  private get env(): NodeJS.ProcessEnv {
    const { dir, cluster, s3 } = this.options;
    return {
      HOME: dir,
      XDG_STATE_HOME: path.join(dir, 'state'),
      HOLDFAST_CONFIG: path.join(dir, 'holdfast.yaml'),
      HOLDFAST_TEMPORAL_CLI: temporalCli(),
      ...(cluster ? { HOLDFAST_PG_BINDIRS: cluster.binDir } : {}),
      ...(s3
        ? {
            ...{ BENCH_S3_ACCESS: s3.accessKeyId, BENCH_S3_SECRET: s3.secretAccessKey },
            NODE_EXTRA_CA_CERTS: s3.certificate,
          }
        : {}),
    };
  }
}
