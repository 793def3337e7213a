/**
 * Joins the engine that runs the procedures: a configured Temporal server, or the embedded one of this machine.
 *
 * Embedded: a server and one process with workers, at most one of each per system. Whoever comes first starts the server; whoever
 * finds no worker becomes it. A command that waits takes the workers over when their process dies, so that a procedure goes on.
 *
 * Connections of clients are left to the end of the process: a call that is being retried would throw on a closed one, where nobody
 * can catch it.
 */
import type { LoadedConfig } from '../../domain/config/types';
import { HoldfastError, reportError } from '../../domain/errors';
import type { RunningWorkers } from '../../workers/workers';
import { connectClient, connectOptions } from './connect';
import { registerSearchAttributes } from './search-attributes';
import { addressOf, findServer, startServer, stopServer, uiOf } from './server';
import { enterClient, otherClients, readLive, releaseRole, stateDir, takeRole, withLock } from './state-files';
import type { Engine } from './types';

const workersRole = 'workers.json';
const watchEveryMs = 1000;

export interface JoinOptions {
  /** false: nothing is started; `engine_unavailable` when none answers. */
  start: boolean;
  say?: (line: string) => void;
  /** Leave the server running at the end, for procedures that go on without us. */
  keepServer?: () => boolean;
}

export async function joinEngine(loaded: LoadedConfig, options: JoinOptions): Promise<Engine> {
  const say = options.say ?? (() => undefined);
  if (loaded.config.temporal) return joinConfigured(loaded, say);
  return joinEmbedded(loaded, { ...options, say });
}

async function joinConfigured(loaded: LoadedConfig, say: (line: string) => void): Promise<Engine> {
  const options = await connectOptions(loaded.config.temporal as NonNullable<typeof loaded.config.temporal>);
  const client = await connectClient(options, 10_000, say);
  await registerSearchAttributes(client);
  return { client, address: options.address, embedded: false, owned: false, close: async () => undefined };
}

async function joinEmbedded(
  loaded: LoadedConfig,
  options: JoinOptions & { say: (line: string) => void },
): Promise<Engine> {
  const { say, start } = options;
  const dir = stateDir(loaded.config.system);
  const leave = start ? await enterClient(dir) : async () => undefined;
  const server = start ? await withLock(dir, () => startServer(dir, say)) : await findServer(dir);
  if (!server) {
    throw new HoldfastError('engine_unavailable', `no engine is running for ${loaded.config.system}`, {
      hints: ['`holdfast up` starts one and keeps it running'],
    });
  }
  const address = addressOf(server);
  const client = await connectClient({ address, namespace: 'default' }, 30_000, say);
  let workers: RunningWorkers | undefined;
  let closing = false;
  let becoming = false;
  const becomeWorkers = async () => {
    if (closing || becoming || workers || !(await takeRole(dir, workersRole))) return;
    becoming = true;
    try {
      // Here and not above: a command that only asks never loads the worker's native core.
      const { startWorkers } = await import('../../workers/workers.js');
      const { installRuntime } = await import('../../workers/logging.js');
      const { connectWorker } = await import('./connect-worker.js');
      installRuntime();
      const connection = await connectWorker({ address, namespace: 'default' }, 30_000, say);
      const onFatal = (error: unknown) => {
        if (workers === undefined || closing) return;
        say(`the workers ended and are started again: ${reportError(error).message}`);
        const ended = workers;
        workers = undefined;
        void ended.stop();
      };
      workers = await startWorkers({ connection, namespace: 'default', loaded, workflows: true, onFatal });
    } finally {
      becoming = false;
    }
  };
  /** Whatever died is started again: the server (its port stays, so everybody reconnects), and the workers of a process that is gone. */
  const mend = async () => {
    if (closing) return;
    if (!(await findServer(dir))) await withLock(dir, () => startServer(dir, say));
    const holder = await readLive(dir, workersRole);
    if (!holder || (holder.pid === process.pid && !workers)) await becomeWorkers();
  };
  if (start) {
    await registerSearchAttributes(client);
    await becomeWorkers();
  }
  const watch = start ? setInterval(() => void mend().catch(() => undefined), watchEveryMs) : undefined;
  watch?.unref();
  return {
    client,
    address,
    ui: uiOf(server),
    embedded: true,
    owned: workers !== undefined,
    async close() {
      closing = true;
      clearInterval(watch);
      await workers?.stop();
      await releaseRole(dir, workersRole);
      await leave();
      const alone =
        start &&
        (await withLock(dir, async () => (await otherClients(dir)) === 0 && !(await readLive(dir, workersRole))));
      if (alone && !options.keepServer?.()) await stopServer(dir);
    },
  };
}
