/** A moment at which a process is to be killed, or held up while a test does something, and the file through which one is armed. Each fires once. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Moment {
  /** `before`: not begun. `after`: over, and its result not told to anybody yet. `middle`: `afterMs` after its begin. */
  when: 'before' | 'middle' | 'after';
  activity: string;
  /** Which of its calls, counted from 1 in the order of their begin. */
  nth: number;
  afterMs?: number;
  /** Instead of killing: the call waits (`before` and `after` only) until {@link letGo}. */
  hold?: boolean;
}

export interface Armed extends Moment {
  id: string;
}

export function nameOf({ when, activity, nth }: Moment): string {
  return `${when} ${activity}#${nth}`;
}

const armedFile = (folder: string) => path.join(folder, 'armed.json');
const goFile = (folder: string, id: string) => path.join(folder, `go-${id}`);
const firedFile = (folder: string, id: string) => path.join(folder, `fired-${id}`);

export function arm(folder: string, moment: Armed): void {
  writeFileSync(`${armedFile(folder)}.new`, JSON.stringify(moment));
  renameSync(`${armedFile(folder)}.new`, armedFile(folder));
}

export function armed(folder: string): Armed | undefined {
  try {
    return JSON.parse(readFileSync(armedFile(folder), 'utf8')) as Armed;
  } catch {
    return undefined;
  }
}

/** Kills this very process, or holds the call; the marker is there first, so that the next process goes on. */
export async function fire(folder: string, { id, hold }: Armed): Promise<void> {
  renameSync(armedFile(folder), firedFile(folder, id));
  if (!hold) process.kill(process.pid, 'SIGKILL');
  while (hold && !existsSync(goFile(folder, id))) await sleep(20);
}

export function hasFired(folder: string, id: string): boolean {
  return existsSync(firedFile(folder, id));
}

export function letGo(folder: string, id: string): void {
  writeFileSync(goFile(folder, id), '');
}
