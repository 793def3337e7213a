/**
 * The embedded Temporal server: the dev server of Temporal's own CLI on a persistent file. It is a process of its own session,
 * so it outlives a killed parent; the next command finds it by its state file and adopts it.
 */
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { access, constants } from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../../components/free-port';
import { HoldfastError } from '../../domain/errors';
import { identityOf, isAlive, type ProcessIdentity } from './process-identity';
import { readLive, readState, removeState, writeState } from './state-files';

export interface ServerState extends ProcessIdentity {
  port: number;
  uiPort: number;
}

const stateFile = 'server.json';
const startWithinMs = 60_000;
const startsAtMost = 3;

type Ports = Pick<ServerState, 'port' | 'uiPort'>;

export function addressOf({ port }: ServerState): string {
  return `127.0.0.1:${port}`;
}

export function uiOf({ uiPort }: ServerState): string {
  return `http://127.0.0.1:${uiPort}`;
}

/** The server that runs, answering or about to; undefined when there is none. */
export async function findServer(dir: string): Promise<ServerState | undefined> {
  return readLive<ServerState>(dir, stateFile);
}

/** Call it under the lock. The ports of the last time are used again, so that waiting clients reconnect. */
export async function startServer(dir: string, say: (line: string) => void): Promise<ServerState> {
  const running = await findServer(dir);
  if (running) return running;
  const program = await temporalProgram();
  const before = await readState<ServerState>(dir, stateFile);
  say('starting the embedded Temporal server');
  let ports = { port: await usablePort(before?.port), uiPort: await usablePort(before?.uiPort) };
  for (let left = startsAtMost - 1; ; left--) {
    try {
      return await startOn(dir, program, ports);
    } catch (error) {
      // Somebody may have taken a port since it was found free; one that is only slow is not started twice.
      if (left === 0 || (await findServer(dir))) throw error;
      ports = { port: await freePort(), uiPort: await freePort() };
    }
  }
}

async function startOn(dir: string, program: string, { port, uiPort }: Ports): Promise<ServerState> {
  const log = openSync(path.join(dir, 'server.log'), 'a', 0o600);
  const child = spawn(
    program,
    [
      ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port), '--ui-port', String(uiPort)],
      ...['--db-filename', path.join(dir, 'temporal.db'), '--log-level', 'error'],
    ],
    { detached: true, stdio: ['ignore', log, log], env: ownEnvironment() },
  );
  closeSync(log);
  const identity = await new Promise<ProcessIdentity | undefined>((resolve) => {
    child.once('error', () => resolve(undefined));
    child.once('spawn', () => resolve(identityOf(child.pid as number)));
  });
  if (!identity) throw cannotStart(dir);
  child.unref();
  const state = { ...identity, port, uiPort };
  await writeState(dir, stateFile, state);
  await answering(dir, state);
  return state;
}

/** It outlives us and needs none of our secrets. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR } = process.env;
  return { PATH, ...(HOME ? { HOME } : {}), ...(TMPDIR ? { TMPDIR } : {}) };
}

export async function stopServer(dir: string): Promise<void> {
  const state = await findServer(dir);
  if (!state) return;
  process.kill(state.pid, 'SIGTERM');
  for (let waited = 0; isAlive(state) && waited < 15_000; waited += 50) await delay(50);
  if (isAlive(state)) process.kill(state.pid, 'SIGKILL');
}

/** Forgets ports too: only for a state directory that is about to be removed. */
export async function forgetServer(dir: string): Promise<void> {
  await removeState(dir, stateFile);
}

async function answering(dir: string, state: ServerState): Promise<void> {
  for (const deadline = Date.now() + startWithinMs; Date.now() < deadline; await delay(50)) {
    if (!isAlive(state)) throw cannotStart(dir);
    if (await accepts(state.port)) return;
  }
  throw cannotStart(dir);
}

function cannotStart(dir: string): HoldfastError {
  return new HoldfastError('engine_unavailable', 'the embedded Temporal server did not start', {
    where: path.join(dir, 'server.log'),
    hints: ['its log says why'],
  });
}

/** Named by the bootstrap, on PATH, or in a clone what its own script fetches. */
async function temporalProgram(): Promise<string> {
  const found = process.env['HOLDFAST_TEMPORAL_CLI'] ?? (await onPath('temporal')) ?? (await fetched());
  if (found === undefined) {
    throw new HoldfastError('missing_part', 'no Temporal CLI was found', {
      hints: ['put `temporal` on PATH, or name a server under `temporal:` in the configuration'],
    });
  }
  return found;
}

/** The script tells its progress on stderr and the program's path on stdout. */
async function fetched(): Promise<string | undefined> {
  const script = process.env['HOLDFAST_PART_SCRIPT'];
  if (script === undefined) return undefined;
  const child = spawn(process.execPath, [script, 'temporal'], { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.on('data', (data: Buffer) => {
    out += data.toString();
  });
  const code = await new Promise((resolve) => child.once('close', resolve).once('error', resolve));
  return code === 0 ? out.trim() : undefined;
}

async function onPath(program: string): Promise<string | undefined> {
  for (const folder of (process.env['PATH'] ?? '').split(path.delimiter)) {
    const file = path.join(folder, program);
    if (
      await access(file, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return file;
  }
  return undefined;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('close', () => socket.destroy());
    socket.once('connect', () => socket.end());
  });
}

async function usablePort(wanted: number | undefined): Promise<number> {
  if (wanted !== undefined && (await isFree(wanted))) return wanted;
  return freePort();
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
