/** Units of systemd (systemctl(1)). Whether a unit is enabled is never changed. */
import { runBounded } from './run-bounded';
import { type ServiceFailure, type ServiceManager, type ServiceOf, type ServiceState, serviceError } from './service';

export class SystemdManager implements ServiceManager {
  readonly what: string;

  constructor(
    private readonly config: ServiceOf<'systemd'>,
    private readonly env: NodeJS.ProcessEnv,
  ) {
    this.what = `systemd unit ${config.unit}`;
  }

  async state(signal?: AbortSignal): Promise<ServiceState> {
    const args = ['show', '--property=LoadState', '--property=ActiveState', '--', this.config.unit];
    const output = await this.systemctl(args, 'service_stop_failed', 'tell the state of', signal);
    const properties = new Map(output.split('\n').map((line) => line.split('=', 2) as [string, string]));
    if (properties.get('LoadState') === 'not-found') return 'absent';
    const active = properties.get('ActiveState');
    if (active === undefined) {
      throw serviceError('service_stop_failed', `systemctl does not tell the state of ${this.what}`, output);
    }
    return active === 'inactive' || active === 'failed' ? 'stopped' : 'running';
  }

  async stop(signal?: AbortSignal): Promise<void> {
    await this.systemctl(['stop', '--no-ask-password', '--', this.config.unit], 'service_stop_failed', 'stop', signal);
  }

  async start(signal?: AbortSignal): Promise<void> {
    await this.systemctl(
      ['start', '--no-ask-password', '--', this.config.unit],
      'service_start_failed',
      'start',
      signal,
    );
  }

  private async systemctl(args: string[], code: ServiceFailure, verb: string, signal?: AbortSignal): Promise<string> {
    const ended = await runBounded('systemctl', args, { timeoutMs: this.config.timeout, signal, env: this.env });
    if (ended.code === 0) return ended.output;
    throw serviceError(
      code,
      `cannot ${verb} ${this.what}: systemctl ${ended.failure ?? `ended with ${ended.code}`}`,
      ended.output,
    );
  }
}
