/**
 * A whole protected system for tests: a real PostgreSQL, a tree of files, a configuration, stores, and the command line as its
 * users run it, each in processes of their own. `destroy()` ends every one of them, by its pid.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse, stringify } from 'yaml';
import { enterClient } from '../../client/engine/state-files';
import type { ProcedureResult } from '../../domain/progress';
import { temporalCli } from './parts';
import { type Cluster, type ClusterOptions, startCluster } from './postgres-cluster';
import { type S3Server, startS3Server } from './s3-server';

export interface SystemOptions {
  cluster?: ClusterOptions;
  /** Also a `files` component `config` with one file, or a tree made by this. */
  files?: (folder: string) => void;
  /** `dir` (default), or a real S3 server. */
  store?: 'dir' | 's3';
  /** The bucket is made with object lock. */
  lock?: boolean;
  /** Stands before the S3 server: given it, returns the endpoint that the configuration names. */
  between?: (s3: S3Server) => Promise<string>;
  encrypted?: boolean;
  /** Changes the configuration before it is written. */
  configure?: (config: Record<string, unknown>) => void;
  env?: NodeJS.ProcessEnv;
}

export interface CliEnd {
  code: number | null;
  stdout: string;
  stderr: string;
}

const main = path.join(__dirname, '../../client/main.js');
/** Hundreds of processes load the same code: each but the first finds it compiled. */
export const compileCache = path.join(__dirname, '../../.compile-cache');

export class TestSystem {
  readonly name = 'sys';
  readonly config: string;
  readonly keyFile: string;
  readonly storeDir: string;
  readonly filesDir: string;
  private readonly children = new Set<ChildProcess>();
  private ups = 0;

  private constructor(
    readonly dir: string,
    readonly cluster: Cluster,
    readonly s3: S3Server | undefined,
    private readonly extraEnv: NodeJS.ProcessEnv,
  ) {
    this.config = path.join(dir, 'holdfast.yaml');
    this.keyFile = path.join(dir, 'master.key');
    this.storeDir = path.join(dir, 'store');
    this.filesDir = path.join(dir, 'etc');
  }

  static async create(options: SystemOptions = {}): Promise<TestSystem> {
    const dir = mkdtempSync(path.join(tmpdir(), 'hf-sys-'));
    chmodSync(dir, 0o755);
    const cluster = await startCluster({
      ...options.cluster,
      conf: { track_commit_timestamp: 'on', ...options.cluster?.conf },
    });
    const s3 = options.store === 's3' ? await startS3Server('holdfast', { lock: options.lock }) : undefined;
    const system = new TestSystem(dir, cluster, s3, options.env ?? {});
    mkdirSync(system.filesDir);
    if (options.files) options.files(system.filesDir);
    else writeFileSync(path.join(system.filesDir, 'app.conf'), 'answer = 42\n');
    writeFileSync(system.keyFile, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
    const config: Record<string, unknown> = {
      system: system.name,
      sites: {
        dc01: {
          components: {
            database: { kind: 'postgres', connection: cluster.conninfo, dataDir: cluster.dataDir },
            config: { kind: 'files', paths: [system.filesDir] },
          },
        },
      },
      stores: {
        hot: { ...system.storeConfig(), ...(s3 && options.between && { endpoint: await options.between(s3) }) },
      },
      ...(options.encrypted === false ? {} : { encryption: { keyFile: system.keyFile } }),
    };
    options.configure?.(config);
    writeFileSync(system.config, stringify(config));
    return system;
  }

  private storeConfig(): object {
    if (!this.s3) return { kind: 'dir', path: this.storeDir };
    const { endpoint, bucket } = this.s3;
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the configuration names secrets so
    const secrets = { accessKeyId: '${env:TEST_S3_ACCESS}', secretAccessKey: '${env:TEST_S3_SECRET}' };
    return { kind: 's3', endpoint, bucket, region: 'us-east-1', ...secrets };
  }

  get stateDir(): string {
    return path.join(this.dir, 'state', 'holdfast', this.name);
  }

  env(): NodeJS.ProcessEnv {
    return {
      PATH: process.env.PATH,
      HOME: this.dir,
      XDG_STATE_HOME: path.join(this.dir, 'state'),
      HOLDFAST_CONFIG: this.config,
      NODE_COMPILE_CACHE: compileCache,
      HOLDFAST_TEMPORAL_CLI: temporalCli(),
      HOLDFAST_PG_BINDIRS: this.cluster.binDir,
      ...(this.s3 ? { TEST_S3_ACCESS: this.s3.accessKeyId, TEST_S3_SECRET: this.s3.secretAccessKey } : {}),
      ...this.extraEnv,
    };
  }

  /** Starts a command; `main` may be another entry point that wraps the CLI (fault injection). */
  spawn(args: string[], { entry = main, env = {} }: { entry?: string; env?: NodeJS.ProcessEnv } = {}): ChildProcess {
    const child = spawn(process.execPath, [entry, ...args], {
      cwd: this.dir,
      env: { ...this.env(), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.children.add(child);
    child.once('exit', () => this.children.delete(child));
    return child;
  }

  async cli(...args: string[]): Promise<CliEnd> {
    return endOf(this.spawn(args));
  }

  /** Runs a procedure with `--json` and returns its document; a failed one too. */
  async procedure(...args: string[]): Promise<ProcedureResult & { exit: number | null; stderr: string }> {
    const { code, stdout, stderr } = await this.cli(...args, '--json', '--yes');
    try {
      return { ...(JSON.parse(stdout) as ProcedureResult), exit: code, stderr };
    } catch {
      throw new Error(`holdfast ${args.join(' ')} ended with ${code} and no JSON: ${stdout}\n${stderr}`);
    }
  }

  /** `holdfast up`, answering. */
  async up(options: { entry?: string; env?: NodeJS.ProcessEnv; args?: string[] } = {}): Promise<Up> {
    const log = path.join(this.dir, `up-${++this.ups}.log`);
    const child = this.spawn(['up', '--json', ...(options.args ?? [])], options);
    child.stderr?.on('data', (data: Buffer) => writeFileSync(log, data, { flag: 'a' }));
    await new Promise<void>((resolve, reject) => {
      let out = '';
      child.stdout?.on('data', (data: Buffer) => {
        out += String(data);
        // What it answers may be why it could not begin.
        if (out.startsWith('{"error"') && out.includes('\n')) reject(new Error(`up: ${out}`));
        else if (out.includes('\n')) resolve();
      });
      child.once('exit', (code) =>
        reject(new Error(`up ended with ${code}: ${existsSync(log) ? readFileSync(log, 'utf8') : ''}`)),
      );
    });
    return { pid: child.pid as number, log, kill9: () => ended(child, 'SIGKILL'), stop: () => ended(child, 'SIGTERM') };
  }

  /**
   * Commands that bring their own workers leave the Temporal server to the next of them. Not where it is tested that a command needs
   * nothing but itself.
   */
  async keepServer(): Promise<void> {
    await enterClient(this.stateDir);
  }

  /** Changes the configuration file; an engine that runs keeps what it has read. */
  reconfigure(change: (config: Record<string, unknown>) => void): void {
    const config = parse(readFileSync(this.config, 'utf8')) as Record<string, unknown>;
    change(config);
    writeFileSync(this.config, stringify(config));
  }

  /** Waits until `holdfast points` covers this server time (RFC 3339 as the server says it). */
  async covered(time: string, withinMs = 30_000): Promise<void> {
    const { code } = await this.until(async () => {
      const end = await this.cli('points', '--json');
      // Other times in it, such as that of the ledger's last look, say nothing of what is stored.
      const covered = [...end.stdout.matchAll(/"coveredUntil":"([^"]+)"/g)];
      return covered.some(([, until = '']) => until >= time) ? end : undefined;
    }, withinMs);
    if (code !== 0) throw new Error(`points ended with ${code}`);
  }

  async until<T>(look: () => Promise<T | undefined>, withinMs: number): Promise<T> {
    for (const deadline = Date.now() + withinMs; ; ) {
      const began = Date.now();
      const found = await look();
      if (found !== undefined) return found;
      if (Date.now() > deadline) throw new Error(`did not come within ${withinMs} ms`);
      // Asking by the command line costs a process each time: others want the machine too.
      await sleep(Math.max(300, Date.now() - began));
    }
  }

  async destroy(): Promise<void> {
    for (const child of this.children) await ended(child, 'SIGKILL');
    const server = path.join(this.stateDir, 'server.json');
    if (existsSync(server)) killQuietly((JSON.parse(readFileSync(server, 'utf8')) as { pid: number }).pid);
    await this.cluster.destroy();
    await this.s3?.stop();
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 5 });
  }
}

export interface Up {
  pid: number;
  log: string;
  kill9(): Promise<void>;
  /** SIGTERM, and waits for its orderly end. */
  stop(): Promise<void>;
}

export async function endOf(child: ChildProcess): Promise<CliEnd> {
  let [stdout, stderr] = ['', ''];
  child.stdout?.on('data', (data: Buffer) => {
    stdout += String(data);
  });
  child.stderr?.on('data', (data: Buffer) => {
    stderr += String(data);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { code, stdout, stderr };
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await exit;
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // gone already
  }
}
