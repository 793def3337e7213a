/** Many sites on one machine: a Temporal server, one control worker, and agents in processes of their own, each for some of the sites. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { stringify } from 'yaml';
import { parseConfig } from '../../../domain/config/parse';
import type { Config } from '../../../domain/config/types';
import { attributes } from '../../../workflows/frame/attributes';
import { temporalCli } from '../../support/parts';
import { freePort } from '../../support/postgres-host';
import { type CliEnd, compileCache, endOf } from '../../support/system';

const main = path.join(__dirname, '../../../client/main.js');

export interface DeploymentOptions {
  sites: number;
  sitesPerAgent: number;
  tiers: Record<string, object>;
  maintenance: object;
  /** How many of the sites, from the first on, have an agent; absent: all. */
  withAgent?: number;
  /** Also configured, or instead; an agent of one site may see the stores by paths of its own. */
  more?: (folder: string, sites: string[]) => { stores?: object };
}

/** Two queues a site are many for a server that keeps everything in one file: one partition each instead of four. */
async function startServer(metricsPort: number): Promise<TestWorkflowEnvironment> {
  const single = ['matching.numTaskqueueReadPartitions=1', 'matching.numTaskqueueWritePartitions=1'];
  return await TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: temporalCli() },
      log: { level: 'never', format: 'json' },
      searchAttributes: Object.values(attributes),
      extraArgs: [...single.flatMap((one) => ['--dynamic-config-value', one]), '--metrics-port', String(metricsPort)],
    },
  });
}

export class Deployment {
  private readonly children: ChildProcess[] = [];
  control!: ChildProcess;
  config!: Config;

  private constructor(
    readonly env: TestWorkflowEnvironment,
    private readonly metricsPort: number,
    readonly dir: string,
  ) {}

  static async start(options: DeploymentOptions): Promise<Deployment> {
    const metricsPort = await freePort();
    const env = await startServer(metricsPort);
    const deployment = new Deployment(env, metricsPort, mkdtempSync(path.join(tmpdir(), 'hf-sites-')));
    try {
      await deployment.begin(options);
      return deployment;
    } catch (error) {
      await deployment.end();
      throw error;
    }
  }

  private async begin({ sites, sitesPerAgent, withAgent = sites, more, ...what }: DeploymentOptions): Promise<void> {
    const names = Array.from({ length: sites }, (_, at) => `dc${String(at + 1).padStart(3, '0')}`);
    const write = (file: string, some: string[]) => {
      const { stores, ...others } = more?.(this.dir, some) ?? {};
      const config = {
        system: 'many',
        temporal: { address: this.env.address, namespace: this.env.namespace ?? 'default' },
        sites: Object.fromEntries(some.map((name) => [name, { components: { etc: this.files(name) } }])),
        stores: { hot: { kind: 'dir', path: path.join(this.dir, 'store') }, ...stores },
        ...{ tiers: what.tiers, maintenance: what.maintenance, ...others },
      };
      const text = stringify(config);
      writeFileSync(path.join(this.dir, file), text);
      return parseConfig(text, path.join(this.dir, file)).config;
    };
    this.config = write('all.yaml', names);
    const served = names.slice(0, withAgent);
    write('served.yaml', served);
    this.control = await this.worker('all.yaml', []);
    for (let at = 0; at < served.length; at += sitesPerAgent) {
      const file = `agent-${at}.yaml`;
      write(file, served.slice(at, at + sitesPerAgent));
      await this.worker(file, ['--site', 'all']);
    }
  }

  private files(site: string): object {
    const folder = path.join(this.dir, 'data', site);
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'app.conf'), `site = ${site}\n`);
    return { kind: 'files', paths: [folder] };
  }

  /** One that answers. */
  private async worker(file: string, args: string[]): Promise<ChildProcess> {
    const child = this.spawn(file, ['worker', '--json', ...args]);
    let said = '';
    child.stderr?.on('data', (data: Buffer) => {
      said = `${said}${String(data)}`.slice(-4000);
    });
    await new Promise<void>((resolve, reject) => {
      child.stdout?.once('data', () => resolve());
      child.once('exit', (code) => reject(new Error(`a worker ended with ${code}: ${said}`)));
    });
    return child;
  }

  /** As somebody beside the control worker says it; `served`: of the sites that have an agent. */
  async cli(args: string[], { served = false } = {}): Promise<CliEnd> {
    return await endOf(this.spawn(served ? 'served.yaml' : 'all.yaml', args));
  }

  private spawn(file: string, args: string[]): ChildProcess {
    const own = { HOME: this.dir, HOLDFAST_CONFIG: path.join(this.dir, file) };
    const env = { PATH: process.env['PATH'], NODE_COMPILE_CACHE: compileCache, ...own };
    const child = spawn(process.execPath, [main, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.children.push(child);
    return child;
  }

  /** Bytes that the control worker has in memory. */
  controlMemory(): number {
    const [, kib = '0'] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${this.control.pid}/status`, 'utf8')) ?? [];
    return Number(kib) * 1024;
  }

  /** What the server says of polls for activities: how many are open, and how many it had to refuse so far. */
  async polls(): Promise<{ open: number; refused: number }> {
    const answer = await fetch(`http://localhost:${this.metricsPort}/metrics`);
    const lines = (await answer.text())
      .split('\n')
      .filter((line) => /namespace="default".*"PollActivityTaskQueue"/.test(line));
    const sum = (name: string) =>
      lines
        .filter((line) => line.startsWith(`${name}{`))
        .reduce((all, line) => all + Number(line.split(' ').at(-1)), 0);
    return { open: sum('service_pending_requests'), refused: sum('service_errors_resource_exhausted') };
  }

  async end(): Promise<void> {
    for (const child of this.children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const exit = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await exit;
    }
    await this.env.teardown();
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 5 });
  }
}
