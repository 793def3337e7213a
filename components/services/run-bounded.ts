/**
 * Runs a program with a limit on its time. Waits for the program itself and not for its output to close: a start command
 * leaves a server behind that may keep the output open for ever.
 */
import { spawn } from 'node:child_process';
import { closeSync, fstatSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export interface BoundedOptions {
  timeoutMs: number;
  signal?: AbortSignal;
  uid?: number;
  gid?: number;
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** What it reads on its standard input; absent: nothing. A few KiB. */
  input?: string;
  /** Appended to instead of a temporary file, and kept. */
  logFile?: string;
}

export interface Outcome {
  /** Exit code; undefined when it was killed. */
  code?: number;
  /** Why there is no exit code: it took too long, was aborted, or could not be started. */
  failure?: string;
  /** The end of what was printed on both channels. */
  output: string;
}

const tailBytes = 64 * 1024;
const graceMs = 2000;

export async function runBounded(program: string, args: string[], options: BoundedOptions): Promise<Outcome> {
  const folder = options.logFile === undefined ? mkdtempSync(join(tmpdir(), 'hf-run-')) : undefined;
  const file = openSync(options.logFile ?? join(folder as string, 'output'), 'a+', 0o600);
  // The name may go at once: the open file is all that is needed.
  if (folder !== undefined) rmSync(folder, { recursive: true });
  try {
    const before = fstatSync(file).size;
    const ended = await waitFor(program, args, file, options);
    return { ...ended, output: tail(file, before) };
  } finally {
    closeSync(file);
  }
}

type Ended = Omit<Outcome, 'output'>;

async function waitFor(program: string, args: string[], file: number, options: BoundedOptions): Promise<Ended> {
  const { uid, gid, env = process.env, cwd, input, timeoutMs, signal } = options;
  if (signal?.aborted) return { failure: 'was aborted' };
  // A process group of its own: what is killed on timeout is the command and all it started.
  const stdin = input === undefined ? 'ignore' : 'pipe';
  const child = spawn(program, args, { uid, gid, env, cwd, stdio: [stdin, file, file], detached: true });
  const exited = new Promise<Ended>((resolve) => {
    child.once('error', (error) => resolve({ failure: `could not be started: ${error.message}` }));
    child.once('exit', (code, killed) => resolve(code === null ? { failure: `was killed by ${killed}` } : { code }));
  });
  // Whoever does not read it to its end is no failure: the exit code tells.
  child.stdin?.once('error', () => undefined);
  child.stdin?.end(input);
  const stop = new AbortController();
  const limit = delay(timeoutMs, undefined, { signal: stop.signal }).then(
    () => `did not end within ${timeoutMs / 1000} s`,
    () => undefined,
  );
  const aborted = new Promise<string>((resolve) => {
    signal?.addEventListener('abort', () => resolve('was aborted'), { once: true, signal: stop.signal });
  });
  const first = await Promise.race([exited, limit, aborted]);
  stop.abort();
  if (typeof first === 'object') return first;
  if (child.pid !== undefined) await endGroup(child.pid, exited);
  return { failure: first ?? 'was aborted' };
}

async function endGroup(pid: number, exited: Promise<unknown>): Promise<void> {
  signalGroup(pid, 'SIGTERM');
  const ended = await Promise.race([exited.then(() => true), delay(graceMs, false, { ref: false })]);
  signalGroup(pid, 'SIGKILL');
  if (!ended) await exited;
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // Nobody is left in it.
  }
}

function tail(file: number, from: number): string {
  const buffer = Buffer.alloc(tailBytes);
  const size = fstatSync(file).size;
  const start = Math.max(from, size - tailBytes);
  return buffer.subarray(0, readSync(file, buffer, 0, tailBytes, start)).toString('utf8');
}
