/**
 * Marks every attempt at placing as long as it lives, so that finishing can wait for one that its caller has given up (a
 * worker that was thought dead) and that may still write.
 *
 * A marker is a file whose lock the attempt holds: the kernel lets go of it when the process dies, however it dies, and
 * whichever container it ran in. Its process id and start time are for people.
 */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { HoldfastError } from '../../domain/errors';
import { errorCode, tryLock } from './native';

export interface Attempt {
  /** Name of its marker. */
  name: string;
  /** Ends it; may be called twice. */
  leave(): void;
}

const suffix = '.attempt';

/** @param folder made when it is not there */
export function enterAttempt(folder: string): Attempt {
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  const name = `${process.pid}-${startTimeOf(process.pid)}-${randomBytes(6).toString('hex')}${suffix}`;
  const unlocked = path.join(folder, `${name}.new`);
  const marker = path.join(folder, name);
  const fd = fs.openSync(unlocked, 'wx', 0o600);
  // Seen under its name only once it is locked: never mistaken for one that was left behind.
  tryLock(fd);
  fs.renameSync(unlocked, marker);
  let entered = true;
  return {
    name,
    leave() {
      if (!entered) return;
      entered = false;
      removeQuietly(marker);
      fs.closeSync(fd);
    },
  };
}

export interface WaitOptions {
  /** Attempts that do not count: the caller's own. */
  except?: string[];
  timeoutMs?: number;
  signal?: AbortSignal;
  /** Called about once a second while waiting. */
  waiting?: (alive: string[]) => void;
}

const pollMs = 100;
const tellEvery = 10;

/**
 * Waits until no attempt but the excepted ones lives; clears away what dead ones left.
 * @throws HoldfastError `placing_still_alive` (retryable) after the timeout, 60 s by default; the signal's reason
 */
export async function waitForOthers(folder: string, options: WaitOptions = {}): Promise<void> {
  const { except = [], timeoutMs = 60_000, signal, waiting } = options;
  const deadline = performance.now() + timeoutMs;
  for (let round = 0; ; round++) {
    const alive = livingAttempts(folder).filter((name) => !except.includes(name));
    if (alive.length === 0) return;
    if (performance.now() >= deadline) throw stillAlive(alive);
    if (round % tellEvery === 0) waiting?.(alive);
    await sleep(pollMs, undefined, { signal });
  }
}

/** Names of the markers whose attempt lives. */
export function livingAttempts(folder: string): string[] {
  let names: string[] = [];
  try {
    names = fs.readdirSync(folder);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
  return names.filter((name) => name.endsWith(suffix) && isAlive(path.join(folder, name)));
}

function isAlive(marker: string): boolean {
  let fd: number;
  try {
    fd = fs.openSync(marker, 'r+');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
  try {
    if (!tryLock(fd)) return true;
    removeQuietly(marker);
    return false;
  } finally {
    fs.closeSync(fd);
  }
}

function stillAlive(names: string[]): HoldfastError {
  const pids = [...new Set(names.map((name) => name.split('-')[0]))];
  return new HoldfastError(
    'placing_still_alive',
    `an earlier attempt still writes to the target (process ${pids.join(', ')})`,
    {
      hints: ['it ends by itself, or with its process'],
    },
  );
}

function removeQuietly(file: string): void {
  try {
    fs.unlinkSync(file);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}

/** Clock ticks after boot (proc(5), field 22): with the process id it names one process for ever. */
function startTimeOf(pid: number): string {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '0';
}
