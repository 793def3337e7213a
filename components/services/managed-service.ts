/** What is the same for every kind of service: nothing is done twice, and what was done is seen to have worked. */
import { setTimeout as delay } from 'node:timers/promises';
import type { ServiceConfig } from '../../domain/config/types';
import { runBounded } from './run-bounded';
import { type ServiceControl, type ServiceManager, type ServiceState, serviceError } from './service';

const pollMs = 250;
/** A service without `health` counts as healthy when it still runs after this time. */
const settleMs = 1000;
const longestCheckMs = 10_000;

export class ManagedService implements ServiceControl {
  constructor(
    readonly name: string,
    private readonly config: ServiceConfig,
    private readonly manager: ServiceManager,
    private readonly env: NodeJS.ProcessEnv,
  ) {}

  state(signal?: AbortSignal): Promise<ServiceState> {
    return this.manager.state(signal);
  }

  async stop(signal?: AbortSignal): Promise<void> {
    if ((await this.state(signal)) !== 'running') return;
    await this.manager.stop(signal);
    if (await this.reaches('stopped', signal)) return;
    throw serviceError('service_stop_failed', `${this.manager.what} still runs although stopping it succeeded`, '');
  }

  async start(signal?: AbortSignal): Promise<void> {
    const state = await this.state(signal);
    if (state === 'running') return;
    if (state === 'absent') throw serviceError('service_start_failed', `there is no ${this.manager.what}`, '');
    await this.manager.start(signal);
    if (await this.reaches('running', signal)) return;
    throw serviceError('service_start_failed', `${this.manager.what} does not run although starting it succeeded`, '');
  }

  async healthy(withinMs = this.config.healthTimeout, signal?: AbortSignal): Promise<void> {
    const deadline = Date.now() + withinMs;
    let last = 'it does not run';
    let output = '';
    for (;;) {
      const left = Math.max(1, deadline - Date.now());
      if ((await this.state(signal)) === 'running') {
        if (this.config.health === undefined) {
          await delay(Math.min(settleMs, left), undefined, { signal });
          if ((await this.state(signal)) === 'running') return;
        } else {
          const limits = { timeoutMs: Math.min(longestCheckMs, left), signal, env: this.env };
          const check = await runBounded('/bin/sh', ['-c', this.config.health], limits);
          if (check.code === 0) return;
          last = `its health command ${check.failure ?? `ends with ${check.code}`}`;
          output = check.output;
        }
      }
      if (Date.now() + pollMs >= deadline) break;
      await delay(pollMs, undefined, { signal });
    }
    throw serviceError(
      'service_start_failed',
      `${this.manager.what} is not healthy after ${withinMs / 1000} s: ${last}`,
      output,
    );
  }

  private async reaches(wanted: ServiceState, signal?: AbortSignal): Promise<boolean> {
    const deadline = Date.now() + this.config.timeout;
    for (;;) {
      const state = await this.state(signal);
      if (state === wanted || (wanted === 'stopped' && state === 'absent')) return true;
      if (Date.now() + pollMs >= deadline) return false;
      await delay(pollMs, undefined, { signal });
    }
  }
}
