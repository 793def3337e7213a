/**
 * What this host remembers of its `dir` stores: that each held a repository. A directory that is empty now is then a disk that is
 * not mounted, and no place for a new repository behind everybody's back.
 *
 * Guaranteed: nothing is refused for want of this memory, and nothing else depends on it: it may be deleted at any time.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import type { Config } from '../../domain/config/types';
import { HoldfastError } from '../../domain/errors';
import { descriptionKey } from '../../repository/names';

/** Path of a store → id of its repository. */
type Known = Record<string, string>;

/** @throws HoldfastError `store_unavailable` when a store had a repository and now has none */
export function refuseEmptied(config: Config): void {
  const known = read(config.system);
  for (const location of dirStores(config)) {
    if (known[location] === undefined || existsSync(path.join(location, descriptionKey))) continue;
    throw new HoldfastError('store_unavailable', 'the store held a repository before, and now there is none', {
      where: location,
      hints: [
        'check that its file system is mounted',
        `if a new repository is to begin there, delete ${memoryOf(config.system)} first`,
      ],
    });
  }
}

/** Best effort: a host that keeps no state has no memory. */
export function rememberStores(config: Config, repositoryId: string): void {
  const known: Known = Object.fromEntries(dirStores(config).map((location) => [location, repositoryId]));
  if (JSON.stringify(known) === JSON.stringify(read(config.system))) return;
  const file = memoryOf(config.system);
  try {
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(`${file}.${process.pid}`, `${JSON.stringify(known)}\n`, { mode: 0o600 });
    renameSync(`${file}.${process.pid}`, file);
  } catch {
    // No place for it.
  }
}

function dirStores({ stores }: Config): string[] {
  return Object.values(stores).flatMap((one) => (one.kind === 'dir' ? [one.path] : []));
}

function memoryOf(system: string): string {
  const root = process.env['XDG_STATE_HOME'] ?? path.join(homedir(), '.local', 'state');
  return path.join(root, 'holdfast', system, 'stores.json');
}

function read(system: string): Known {
  try {
    return JSON.parse(readFileSync(memoryOf(system), 'utf8')) as Known;
  } catch {
    return {};
  }
}
