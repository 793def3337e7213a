/** What a running process has used so far (Linux: proc(5)). */
import { readFileSync } from 'node:fs';

const ticksPerSecond = 100;

/** User and system time in seconds of all its threads; without its children. 0 when it is gone. */
export function cpuOf(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
  } catch {
    return 0;
  }
}

/** The most memory it ever had resident, in MiB. */
export function peakMemoryOf(pid: number): number {
  const found = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
  return Number(found?.[1]) / 1024;
}
