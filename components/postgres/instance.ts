/**
 * The instance that may run on a data directory: who it is, starting it for good, stopping it.
 * Known by `postmaster.pid` (PostgreSQL: `src/include/utils/pidfile.h`) and the process behind it.
 */
import { readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { HoldfastError } from '../../domain/errors';
import { ownerOf, runAs } from './owner';
import type { ServerTools } from './tools';

export interface RunningInstance {
  pid: number;
  /** Seconds since 1970. */
  startedAt: number;
  port: number;
  /** First socket directory; `''` without one. */
  socketDir: string;
  /** `starting`, `stopping`, `ready`, `standby`, as it says itself. */
  status: string;
}

/** The instance that runs on this data directory; undefined when none does, though a stale `postmaster.pid` may lie there. */
export function runningInstance(dataDir: string): RunningInstance | undefined {
  const lines = pidFile(dataDir);
  const pid = Number(lines?.[0]);
  if (!lines || !Number.isInteger(pid) || pid <= 1 || !pidTaken(pid) || !isServerOf(pid, dataDir)) return undefined;
  return {
    pid,
    startedAt: Number(lines[2]),
    port: Number(lines[3]),
    socketDir: lines[4] ?? '',
    status: (lines[7] ?? 'starting').trim(),
  };
}

function pidFile(dataDir: string): string[] | undefined {
  try {
    return readFileSync(path.join(dataDir, 'postmaster.pid'), 'utf8').split('\n');
  } catch {
    return undefined;
  }
}

/** Whether a process, be it a zombie, still has the pid: PostgreSQL's own lock file check asks no more than this. */
export function pidTaken(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Ended, and not yet reaped by its parent. */
export function isZombie(pid: number): boolean {
  try {
    return / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\)/s, ''));
  } catch {
    return false;
  }
}

/** A postmaster works in its data directory. Where that cannot be seen, the pid file is believed. */
function isServerOf(pid: number, dataDir: string): boolean {
  if (isZombie(pid)) return false;
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(dataDir);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'EACCES' || code === 'EPERM' || !procIsThere();
  }
}

function procIsThere(): boolean {
  try {
    return statSync('/proc/self').isDirectory();
  } catch {
    return false;
  }
}

/**
 * Waits until the pid is free: a killed postmaster stays a zombie until its parent reaps it, and no server starts before.
 * @throws HoldfastError `target_in_use` when it is still taken after the time
 */
export async function waitUntilFree(pid: number, timeoutMs = 60_000): Promise<void> {
  const until = Date.now() + timeoutMs;
  while (pidTaken(pid)) {
    if (Date.now() > until) {
      throw new HoldfastError('target_in_use', `process ${pid} does not end`, {
        hints: ['see what holds it, then try again'],
      });
    }
    await sleep(50);
  }
}

/**
 * Stops whatever runs on the data directory and waits until it is gone; does nothing when nothing runs.
 * @param mode `fast`: clients are disconnected, data is written; `immediate`: as a crash
 * @throws HoldfastError `service_stop_failed`
 */
export async function stopInstance(
  dataDir: string,
  mode: 'fast' | 'immediate' = 'fast',
  timeoutMs = 600_000,
): Promise<void> {
  const running = runningInstance(dataDir);
  if (!running) return;
  signal(running.pid, mode === 'fast' ? 'SIGINT' : 'SIGQUIT');
  try {
    await waitUntilFree(running.pid, timeoutMs);
  } catch (cause) {
    throw new HoldfastError('service_stop_failed', 'the server does not stop', { where: dataDir, cause });
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/**
 * The arguments, without the data directory, that the last server here was started with (`postmaster.opts`): on Debian they say
 * where the configuration lies. Empty when no server ever ran here.
 */
export function recordedArguments(dataDir: string): string[] {
  try {
    const words = readFileSync(path.join(dataDir, 'postmaster.opts'), 'utf8').matchAll(/ "((?:[^"\\]|\\.)*)"/g);
    const all = [...words].map((match) => match[1] as string);
    return all.filter((word, at) => word !== '-D' && all[at - 1] !== '-D');
  } catch {
    return [];
  }
}

export interface StartOptions {
  /** Where its output goes; must be writable for the owner. */
  logFile: string;
  /** More arguments for `postgres`, see {@link recordedArguments}. */
  arguments?: string[];
  /** Settings over those of every file. */
  settings?: Record<string, string>;
  timeoutSeconds?: number;
}

/**
 * Starts a server for good, by `pg_ctl`, and waits until it accepts connections; does nothing when one runs already.
 * @throws HoldfastError `service_start_failed` with the end of the log
 */
export async function startInstance(
  tools: ServerTools,
  dataDir: string,
  options: StartOptions,
): Promise<RunningInstance> {
  const already = runningInstance(dataDir);
  if (already) return already;
  const settings = Object.entries(options.settings ?? {}).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const words = [...(options.arguments ?? []), ...settings].map((word) => `'${word.replaceAll("'", `'\\''`)}'`);
  const args = ['start', '-D', dataDir, '-w', '-t', String(options.timeoutSeconds ?? 600), '-l', options.logFile];
  const { code, stderr } = await runAs(ownerOf(dataDir), tools.program('pg_ctl'), [...args, '-o', words.join(' ')]);
  const running = runningInstance(dataDir);
  if (code === 0 && running) return running;
  throw new HoldfastError(
    'service_start_failed',
    `the server did not start: ${lastWords(options.logFile) || stderr.trim()}`,
    {
      where: dataDir,
      hints: [`see ${options.logFile}`],
    },
  );
}

function lastWords(logFile: string): string {
  try {
    const lines = readFileSync(logFile, 'utf8').split('\n');
    return (lines.findLast((line) => /(FATAL|PANIC): /.test(line)) ?? '').replace(/^.*?(FATAL|PANIC): +/, '');
  } catch {
    return '';
  }
}
