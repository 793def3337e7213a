/**
 * One process at a time: concurrent npm scripts wait for each other instead of installing or building into each other.
 * The lock file names its holder (host, pid, and the pid's start time, since pids are used again), so the lock of a killed
 * process is taken over at once. A holder on another host (a shared cache) is believed for fifteen minutes.
 */
import { linkSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { MissingPiece, say } from './say.mjs';

const FOREIGN_MILLISECONDS = 15 * 60_000;

/** Runs `work` while holding the lock at `file`; `waitingFor` completes the sentence "waiting for …". */
export async function withLock(file, waitingFor, work) {
  const mine = JSON.stringify({ host: os.hostname(), pid: process.pid, started: startOf(process.pid) });
  let told = false;
  while (!take(file, mine)) {
    const holder = read(file);
    if (holder === undefined) continue;
    if (!isAlive(holder, file)) {
      breakLock(file, holder);
      continue;
    }
    if (!told) say(`waiting for ${waitingFor} (process ${JSON.parse(holder).pid})`);
    told = true;
    await sleep(200);
  }
  const release = () => {
    if (read(file) === mine) rmSync(file, { force: true });
  };
  process.once('exit', release);
  try {
    return await work();
  } finally {
    process.off('exit', release);
    release();
  }
}

/** link() fails when the name exists, so the file appears whole or not at all. */
function take(file, mine) {
  const draft = `${file}.${process.pid}`;
  try {
    writeFileSync(draft, mine);
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw new MissingPiece(
      `cannot write the lock ${file} (${error.code})`,
      'run as the owner of that folder, or name another cache: HOLDFAST_CACHE=DIR',
    );
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Moves a dead holder's lock out of the way; when a live one slipped in between look and move, puts it back. */
function breakLock(file, dead) {
  const aside = `${file}.dead.${process.pid}`;
  try {
    renameSync(file, aside);
    if (read(aside) !== dead) linkSync(aside, file);
  } catch {
    // another waiter was faster
  } finally {
    rmSync(aside, { force: true });
  }
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function isAlive(text, file) {
  try {
    const holder = JSON.parse(text);
    if (holder.host !== os.hostname()) return Date.now() - statSync(file).mtimeMs < FOREIGN_MILLISECONDS;
    process.kill(holder.pid, 0);
    return holder.started === startOf(holder.pid);
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** The process's start time in clock ticks since boot (field 22 of /proc/PID/stat), 0 where there is no /proc. */
function startOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
  } catch {
    return 0;
  }
}
