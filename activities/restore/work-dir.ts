/**
 * Our folder beside a target: spool, journal, markers, records. What had to be made for it above (a new `--to` directory) is
 * remembered, so that a restore which did not come off leaves nothing behind.
 */
import { mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const madeFile = 'made';

export function makeWorkDir(workDir: string): void {
  const parent = path.dirname(workDir);
  const made = mkdirSync(parent, { recursive: true, mode: 0o755 });
  const isNew = mkdirSync(workDir, { recursive: true, mode: 0o755 }) !== undefined;
  if (isNew && made !== undefined) writeFileSync(path.join(workDir, madeFile), made);
}

/** Also the directories above that were made for it, as far as they are empty. */
export function removeWorkDir(workDir: string): void {
  const top = readMade(workDir);
  rmSync(workDir, { recursive: true, force: true });
  for (let at = path.dirname(workDir); top !== undefined && at.startsWith(top); at = path.dirname(at)) {
    try {
      rmdirSync(at);
    } catch {
      return; // Somebody else's things are in it.
    }
  }
}

function readMade(workDir: string): string | undefined {
  try {
    return readFileSync(path.join(workDir, madeFile), 'utf8');
  } catch {
    return undefined;
  }
}

/** Markers of attempts that may still write to the target. */
export function attempts(workDir: string): string {
  return path.join(workDir, 'attempts');
}
