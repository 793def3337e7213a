/**
 * PostgreSQL servers that no service manager looks after, by `pg_ctl` (PostgreSQL manual, "pg_ctl"), run as the owner of the
 * data directory.
 */
import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { plainEnvironment } from '../plain-environment';
import { type Outcome, runBounded } from './run-bounded';
import { type ServiceFailure, type ServiceManager, type ServiceOf, type ServiceState, serviceError } from './service';

/** Exit codes of `pg_ctl status`. */
const stateOfExit = new Map<number | undefined, ServiceState>([
  [0, 'running'],
  [3, 'stopped'],
  [4, 'absent'],
]);

export class PgctlManager implements ServiceManager {
  readonly what: string;

  constructor(private readonly config: ServiceOf<'pgctl'>) {
    this.what = `PostgreSQL in ${config.dataDir}`;
  }

  async state(signal?: AbortSignal): Promise<ServiceState> {
    if (!existsSync(join(this.config.dataDir, 'PG_VERSION'))) return 'absent';
    const ended = await this.pgctl(['status'], 'service_stop_failed', signal);
    const state = stateOfExit.get(ended.code);
    if (state !== undefined) return state;
    throw this.failed('service_stop_failed', 'tell the state of', ended);
  }

  async stop(signal?: AbortSignal): Promise<void> {
    const ended = await this.pgctl(['stop', '-m', 'fast', '-w', '-t', this.seconds()], 'service_stop_failed', signal);
    if (ended.code !== 0) throw this.failed('service_stop_failed', 'stop', ended);
  }

  async start(signal?: AbortSignal): Promise<void> {
    const { options, logFile } = this.config;
    const args = ['start', '-w', '-t', this.seconds(), ...(options ? ['-o', options] : [])];
    const ended = await this.pgctl(args, 'service_start_failed', signal, logFile ?? `${this.config.dataDir}.log`);
    if (ended.code !== 0) throw this.failed('service_start_failed', 'start', ended);
  }

  /** pg_ctl's own limit comes a little before ours, so that it can say what it waited for. */
  private seconds(): string {
    return String(Math.max(1, Math.floor(this.config.timeout / 1000) - 1));
  }

  private async pgctl(args: string[], code: ServiceFailure, signal?: AbortSignal, logFile?: string): Promise<Outcome> {
    const { dataDir, timeout } = this.config;
    const program = await this.program(code);
    const owner = await stat(dataDir);
    const as = process.getuid?.() === 0 ? { uid: owner.uid, gid: owner.gid } : {};
    // `cwd`: pg_ctl of another user may not be allowed to stand where we do.
    return runBounded(program, [...args, '-D', dataDir], {
      timeoutMs: timeout,
      signal,
      logFile,
      cwd: '/',
      env: plainEnvironment(),
      ...as,
    });
  }

  private async program(code: ServiceFailure): Promise<string> {
    const { binDir, dataDir } = this.config;
    const major = await readFile(join(dataDir, 'PG_VERSION'), 'utf8').then(
      (text) => text.trim(),
      () => undefined,
    );
    const places = binDir
      ? [binDir]
      : [
          process.env.PG_BINDIR,
          `/usr/lib/postgresql/${major}/bin`,
          `/usr/pgsql-${major}/bin`,
          ...(process.env.PATH ?? '').split(':'),
        ];
    const found = places.flatMap((place) => (place ? [join(place, 'pg_ctl')] : []));
    const program = found.find((one) => existsSync(one));
    if (program !== undefined) return program;
    throw serviceError(code, `there is no pg_ctl for ${this.what} (version ${major ?? 'unknown'})`, '');
  }

  private failed(code: ServiceFailure, verb: string, ended: Outcome) {
    return serviceError(
      code,
      `cannot ${verb} ${this.what}: pg_ctl ${ended.failure ?? `ended with ${ended.code}`}`,
      ended.output,
    );
  }
}
