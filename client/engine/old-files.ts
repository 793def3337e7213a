/** Files of ours in the state directory of this host that nobody has written for long: logs, and drafts that a killed process left. */
import { readdirSync, statSync, unlinkSync } from 'node:fs';
import path from 'node:path';

const keptMs = 30 * 24 * 3600_000;
/** Also what {@link writeState} writes first: `.server.json.4711`. */
const ours = /\.(?:log|tmp)$|^\..+\.json\.\d+$/;

/** @param now milliseconds @returns their names; those that somebody else took away meanwhile are none */
export function dropOldFiles(dir: string, { now, dryRun }: { now: number; dryRun: boolean }): string[] {
  const names = readIfThere(() => readdirSync(dir)) ?? [];
  return names.filter((name) => {
    const file = path.join(dir, name);
    const seen = ours.test(name) ? readIfThere(() => statSync(file)) : undefined;
    if (seen === undefined || !seen.isFile() || now - seen.mtimeMs <= keptMs) return false;
    return dryRun || readIfThere(() => unlinkSync(file) ?? true) === true;
  });
}

function readIfThere<T>(ask: () => T): T | undefined {
  try {
    return ask();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
