/** Which start of the machine this is: what was written but never synced may be lost with a later one. */
import fs from 'node:fs';

export function bootId(): string {
  return fs.readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
}
