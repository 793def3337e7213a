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

/** Name of a store that had a repository and now has none → `store_unavailable`: it is away, like one whose service does not answer. */
export function emptiedStores(config: Config): Map<string, HoldfastError> {
  const known = read(config.system);
  const emptied = new Map<string, HoldfastError>();
  for (const [name, location] of dirStores(config)) {
    if (known[location] === undefined || existsSync(path.join(location, descriptionKey))) continue;
    emptied.set(name, emptiedError(config, location));
  }
  return emptied;
}

/** @throws HoldfastError `store_unavailable` of the first of them: for what needs every store */
export function refuseEmptied(config: Config): void {
  for (const error of emptiedStores(config).values()) throw error;
}

/**
 * Best effort: a host that keeps no state has no memory. What other processes of the host know of other stores stays.
 * @param reached names of those that hold it now
 */
export function rememberStores(config: Config, repositoryId: string, reached: string[]): void {
  const before = read(config.system);
  const here = dirStores(config).filter(([name]) => reached.includes(name));
  const known: Known = { ...before, ...Object.fromEntries(here.map(([, location]) => [location, repositoryId])) };
  if (JSON.stringify(known) === JSON.stringify(before)) return;
  const file = memoryOf(config.system);
  try {
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(`${file}.${process.pid}`, `${JSON.stringify(known)}\n`, { mode: 0o600 });
    renameSync(`${file}.${process.pid}`, file);
  } catch {
    // No place for it.
  }
}

function emptiedError({ system }: Config, where: string): HoldfastError {
  return new HoldfastError('store_unavailable', 'the store held a repository before, and now there is none', {
    where,
    hints: [
      'check that its file system is mounted',
      `if a new repository is to begin there, delete ${memoryOf(system)} first`,
    ],
  });
}

function dirStores({ stores }: Config): [name: string, path: string][] {
  return Object.entries(stores).flatMap(([name, one]): [string, string][] =>
    one.kind === 'dir' ? [[name, one.path]] : [],
  );
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
