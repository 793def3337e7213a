/**
 * Where the embedded engine keeps its state: `$XDG_STATE_HOME/holdfast/<system>`. One small JSON file a role, each naming the
 * process that holds it; a file whose process is gone counts as absent.
 */
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { HoldfastError } from '../../domain/errors';
import { isAlive, ownIdentity, type ProcessIdentity } from './process-identity';

export function stateDir(system: string): string {
  const root = process.env['XDG_STATE_HOME'] ?? path.join(homedir(), '.local', 'state');
  return path.join(root, 'holdfast', system);
}

export async function readState<T extends ProcessIdentity>(dir: string, name: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path.join(dir, name), 'utf8')) as T;
  } catch {
    return undefined;
  }
}

/** The state in the file when its process still lives. */
export async function readLive<T extends ProcessIdentity>(dir: string, name: string): Promise<T | undefined> {
  const state = await readState<T>(dir, name);
  return state !== undefined && isAlive(state) ? state : undefined;
}

export async function writeState(dir: string, name: string, state: ProcessIdentity): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const temporary = path.join(dir, `.${name}.${process.pid}`);
  await writeFile(temporary, JSON.stringify(state), { mode: 0o600 });
  await rename(temporary, path.join(dir, name));
}

export async function removeState(dir: string, name: string): Promise<void> {
  await rm(path.join(dir, name), { force: true });
}

/** Takes a role that one process holds at a time; undefined when another live process holds it. */
export async function takeRole(dir: string, name: string): Promise<boolean> {
  return withLock(dir, async () => {
    const holder = await readLive(dir, name);
    if (holder !== undefined && holder.pid !== process.pid) return false;
    await writeState(dir, name, ownIdentity());
    return true;
  });
}

export async function releaseRole(dir: string, name: string): Promise<void> {
  if ((await readState(dir, name))?.pid === process.pid) await removeState(dir, name);
}

const lockName = 'lock';

/** Runs alone among all processes of this system; a lock left by a dead process is taken over. */
export async function withLock<T>(dir: string, action: () => Promise<T>): Promise<T> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const file = path.join(dir, lockName);
  for (const deadline = Date.now() + 60_000; ; await delay(50)) {
    try {
      await writeFile(file, JSON.stringify(ownIdentity()), { flag: 'wx', mode: 0o600 });
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    await breakDeadLock(dir, file);
    if (Date.now() > deadline) {
      throw new HoldfastError('engine_busy', 'another process has held the lock of the embedded engine for a minute', {
        where: file,
        hints: ['look at the process whose pid the file names; remove the file only when there is none'],
      });
    }
  }
  try {
    return await action();
  } finally {
    await rm(file, { force: true });
  }
}

/** Renamed before it is removed, so that of several breakers only one removes it and none removes a fresh lock. */
async function breakDeadLock(dir: string, file: string): Promise<void> {
  const holder = await readState(dir, lockName);
  if (holder === undefined || isAlive(holder)) return;
  const grave = `${file}.dead.${process.pid}`;
  try {
    await rename(file, grave);
    const buried = JSON.parse(await readFile(grave, 'utf8')) as ProcessIdentity;
    if (isAlive(buried)) await rename(grave, file);
  } catch {
    // Another process was faster.
  } finally {
    await rm(grave, { force: true });
  }
}

/** Live processes that wait for a procedure: the engine is not ended under them. */
export async function otherClients(dir: string): Promise<number> {
  const folder = path.join(dir, 'clients');
  const names = await readdir(folder).catch(() => []);
  let alive = 0;
  for (const name of names) {
    const client = await readState(folder, name);
    if (client === undefined || !isAlive(client)) await removeState(folder, name);
    else if (client.pid !== process.pid) alive++;
  }
  return alive;
}

export async function enterClient(dir: string): Promise<() => Promise<void>> {
  const folder = path.join(dir, 'clients');
  const name = `${process.pid}.json`;
  await writeState(folder, name, ownIdentity());
  return () => removeState(folder, name);
}
