/**
 * Ends what the demo started. Everything lies below one folder of its own, and every process works below it too, so that what
 * a killed worker left behind (a replaying server, an engine) is found by the kernel's own account and ended by its pid.
 */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const settleWithinMs = 5000;

export class Tidy {
  private folder?: string;
  private readonly sharedMemory = new Set<string>();
  private kept = false;

  /** The folder that everything lies in: removed at the end. */
  owns(folder: string): void {
    this.folder = folder;
  }

  /** A server killed with -9 leaves its System V shared memory behind: call it before. */
  willKill(pid: number): void {
    for (const id of sharedMemoryOf(pid)) this.sharedMemory.add(id);
  }

  keep(): void {
    this.kept = true;
  }

  /** @param performing what may still be on its way to start something */
  async run(performing: Promise<unknown> = Promise.resolve()): Promise<void> {
    const { folder } = this;
    if (this.kept || folder === undefined) return;
    await this.endAllIn(folder);
    await Promise.race([performing.catch(() => undefined), sleep(settleWithinMs)]);
    await this.endAllIn(folder);
    for (const id of this.sharedMemory) await promisify(execFile)('ipcrm', ['-m', id]).catch(() => undefined);
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }

  /** Until none is left: a process may start another while it is being ended. */
  private async endAllIn(folder: string): Promise<void> {
    for (let round = 0; round < 100; round++) {
      const pids = processesIn(folder);
      if (pids.length === 0) return;
      for (const pid of pids) this.willKill(pid);
      for (const pid of pids) killQuietly(pid);
      await sleep(50);
    }
  }
}

/** Pids of all processes that work in the folder or below it. */
export function processesIn(folder: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid !== process.pid && worksIn(pid, folder));
}

function worksIn(pid: number, folder: string): boolean {
  try {
    const place = readlinkSync(`/proc/${pid}/cwd`).replace(/ \(deleted\)$/, '');
    return place === folder || place.startsWith(`${folder}/`);
  } catch {
    return false;
  }
}

export function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}

/** Ids of the segments that this process made (proc(5), `/proc/sysvipc/shm`: key, shmid, perms, size, cpid, …). */
function sharedMemoryOf(pid: number): string[] {
  try {
    const rows = readFileSync('/proc/sysvipc/shm', 'utf8').split('\n').slice(1);
    const fields = rows.map((row) => row.trim().split(/\s+/));
    return fields.filter((row) => Number(row[4]) === pid).map((row) => row[1] as string);
  } catch {
    return [];
  }
}
