/** Services controlled by commands of the user's own, run by `/bin/sh`. */
import { runBounded } from './run-bounded';
import { type ServiceFailure, type ServiceManager, type ServiceOf, type ServiceState, serviceError } from './service';

/** Exit codes of `status` as LSB init scripts have them: 0 runs, 1 to 3 do not, 4 is not known. */
const stateOfExit: (ServiceState | undefined)[] = ['running', 'stopped', 'stopped', 'stopped', 'absent'];

export class CommandManager implements ServiceManager {
  readonly what: string;

  constructor(
    name: string,
    private readonly config: ServiceOf<'command'>,
    private readonly env: NodeJS.ProcessEnv,
  ) {
    this.what = `service ${name}`;
  }

  async state(signal?: AbortSignal): Promise<ServiceState> {
    const ended = await this.shell(this.config.state, signal);
    const state = ended.code === undefined ? undefined : stateOfExit[ended.code];
    if (state !== undefined) return state;
    const how = ended.failure ?? `ended with ${ended.code}, expected 0 (running), 3 (stopped) or 4 (absent)`;
    throw serviceError(
      'service_stop_failed',
      `cannot tell the state of ${this.what}: its state command ${how}`,
      ended.output,
    );
  }

  async stop(signal?: AbortSignal): Promise<void> {
    await this.must(this.config.stop, 'service_stop_failed', 'stop', signal);
  }

  async start(signal?: AbortSignal): Promise<void> {
    await this.must(this.config.start, 'service_start_failed', 'start', signal);
  }

  private async must(command: string, code: ServiceFailure, verb: string, signal?: AbortSignal): Promise<void> {
    const ended = await this.shell(command, signal);
    if (ended.code === 0) return;
    const how = ended.failure ?? `ended with ${ended.code}`;
    throw serviceError(code, `cannot ${verb} ${this.what}: its ${verb} command ${how}`, ended.output);
  }

  private shell(command: string, signal?: AbortSignal) {
    return runBounded('/bin/sh', ['-c', command], { timeoutMs: this.config.timeout, signal, env: this.env });
  }
}
