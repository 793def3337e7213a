/** Services of a compose project, by the `docker compose` plugin. Containers are stopped and started, never removed. */
import { runBounded } from './run-bounded';
import { type ServiceFailure, type ServiceManager, type ServiceOf, type ServiceState, serviceError } from './service';

/** `docker compose stop` kills after its own timeout: it must come before ours. */
const marginSeconds = 5;

export class ComposeManager implements ServiceManager {
  readonly what: string;

  constructor(
    private readonly config: ServiceOf<'compose'>,
    private readonly env: NodeJS.ProcessEnv,
  ) {
    this.what = `compose service ${config.service}`;
  }

  async state(signal?: AbortSignal): Promise<ServiceState> {
    const known = await this.compose(['config', '--services'], 'service_stop_failed', 'find', signal);
    if (!known.split('\n').some((line) => line.trim() === this.config.service)) return 'absent';
    const states = await this.containerStates(signal);
    return states.some((state) => state !== 'exited' && state !== 'created' && state !== 'dead')
      ? 'running'
      : 'stopped';
  }

  async stop(signal?: AbortSignal): Promise<void> {
    const seconds = Math.max(1, Math.floor(this.config.timeout / 1000) - marginSeconds);
    await this.compose(
      ['stop', '--timeout', String(seconds), this.config.service],
      'service_stop_failed',
      'stop',
      signal,
    );
  }

  async start(signal?: AbortSignal): Promise<void> {
    const made = (await this.containerStates(signal)).length > 0;
    const args = made ? ['start', this.config.service] : ['up', '--detach', '--no-deps', this.config.service];
    await this.compose(args, 'service_start_failed', 'start', signal);
  }

  private async containerStates(signal?: AbortSignal): Promise<string[]> {
    const args = ['ps', '--all', '--format', '{{.State}}', this.config.service];
    const output = await this.compose(args, 'service_stop_failed', 'tell the state of', signal);
    return output.split('\n').filter((line) => /^[a-z]+$/.test(line));
  }

  private async compose(args: string[], code: ServiceFailure, verb: string, signal?: AbortSignal): Promise<string> {
    const { file, project, timeout } = this.config;
    const which = [...(file ? ['--file', file] : []), ...(project ? ['--project-name', project] : [])];
    const ended = await runBounded('docker', ['compose', ...which, ...args], {
      timeoutMs: timeout,
      signal,
      env: this.env,
    });
    if (ended.code === 0) return ended.output;
    const how = ended.failure ?? `ended with ${ended.code}`;
    throw serviceError(code, `cannot ${verb} ${this.what}: docker compose ${how}`, ended.output);
  }
}
