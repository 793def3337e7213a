/** `holdfast up` as a service manager runs it: started again whenever it dies. */
import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestSystem } from '../support/system';

const entry = path.join(__dirname, 'killing-main.js');

export class Supervised {
  private child?: ChildProcess;
  private stopping = false;
  /** How often it was started. */
  starts = 0;

  private constructor(
    private readonly system: TestSystem,
    private readonly env: NodeJS.ProcessEnv,
  ) {}

  /** @param folder for moments and notes */
  static async start(system: TestSystem, folder: string): Promise<Supervised> {
    const one = new Supervised(system, { HOLDFAST_TEST_MOMENTS: folder });
    one.launch();
    await one.working();
    return one;
  }

  get pid(): number {
    return this.child?.pid ?? 0;
  }

  get log(): string {
    return path.join(this.system.dir, 'up.log');
  }

  /** Waits until this process, and not a command that waits, is the worker. */
  async working(withinMs = 60_000): Promise<void> {
    await this.system.until(async () => {
      const role = path.join(this.system.stateDir, 'workers.json');
      if (!existsSync(role)) return undefined;
      const { pid } = JSON.parse(readFileSync(role, 'utf8')) as { pid: number };
      return pid === this.child?.pid ? true : undefined;
    }, withinMs);
  }

  /** While the work is done nobody starts it again; it is started when the work is over. */
  async unattended<T>(work: () => Promise<T>): Promise<T> {
    this.stopping = true;
    try {
      return await work();
    } finally {
      this.stopping = false;
      if (this.ended) this.launch();
    }
  }

  private get ended(): boolean {
    return this.child === undefined || this.child.exitCode !== null || this.child.signalCode !== null;
  }

  kill9(): void {
    this.child?.kill('SIGKILL');
  }

  async stop(): Promise<void> {
    this.stopping = true;
    const { child } = this;
    if (!child || this.ended) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await gone;
  }

  lastWords(): string {
    return readFileSync(this.log, 'utf8').slice(-3000);
  }

  private launch(): void {
    this.starts++;
    const child = this.system.spawn(['up', '--json'], { entry, env: this.env });
    this.child = child;
    child.stdout?.resume();
    child.stderr?.on('data', (data: Buffer) => writeFileSync(this.log, data, { flag: 'a' }));
    child.once('exit', (code, signal) => {
      writeFileSync(this.log, `up ended: ${code ?? signal}\n`, { flag: 'a' });
      if (this.stopping) return;
      void sleep(100).then(() => this.stopping || this.launch());
    });
  }
}
