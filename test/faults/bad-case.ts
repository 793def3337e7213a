/**
 * What every refusal owes its reader: a code of the catalogue with the exit code that goes with it, words, a place, what to do;
 * and that nothing was touched, or everything was put back.
 */
import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { loadConfig } from '../../components/config-file/load';
import { openConfiguredRepository } from '../../components/config-file/open-repository';
import { catalogue, type ErrorCode, type ErrorReport } from '../../domain/errors';
import type { RepositoryCopy } from '../../repository/copy';
import type { TestSystem } from '../support/system';

export interface Ended {
  exit: number | null;
  error?: ErrorReport;
  stderr: string;
}

export interface Refusal {
  /** In the message. */
  says: RegExp;
  where?: string | RegExp;
  /** In one of the hints. */
  hint?: RegExp;
}

/** An error without a hint, or with an exit code that is not the catalogue's, is a fault of its own. */
export function expectRefusal(end: Ended, code: ErrorCode, { says, where, hint }: Refusal): void {
  const { error, exit } = end;
  // With all it says: a wrong code is understood from the report at once.
  expect({ ...error, code: error?.code, exit }).toEqual({ ...error, code, exit: catalogue[code].exit });
  expect(error?.message).toMatch(says);
  // Lower case, but for WAL and its kind.
  expect(error?.message).toMatch(/^(?![A-Z][a-z])[^\n]*[^.\n]$/);
  if (where !== undefined) expect(error?.where).toMatch(where);
  expect(error?.hints.join('\n')).toMatch(hint ?? /\w+ \w+/);
}

/** Everything in a directory, as one line a thing: type, mode, owner, time, size, contents. */
export function treeOf(directory: string): string[] {
  if (!existsSync(directory)) return ['absent'];
  const lines: string[] = [];
  const look = (at: string) => {
    const { mode, uid, gid, mtimeMs, size } = lstatSync(at);
    const kind = lstatSync(at);
    const is = kind.isSymbolicLink() ? readlinkSync(at) : kind.isFile() ? sha256(at) : '';
    lines.push(
      [path.relative(directory, at), mode.toString(8), uid, gid, mtimeMs, kind.isFile() ? size : 0, is].join(' '),
    );
    if (kind.isDirectory()) for (const name of readdirSync(at).sort()) look(path.join(at, name));
  };
  look(directory);
  return lines;
}

function sha256(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

/**
 * Does something that must change nothing of a system: neither the files nor the running server nor what lies beside them.
 * The server is asked for when it started: one that was stopped and started again has been touched.
 */
export async function untouched<T>(system: TestSystem, act: () => Promise<T>): Promise<T> {
  const before = await traces(system);
  const result = await act();
  expect(await traces(system)).toEqual(before);
  return result;
}

async function traces(system: TestSystem): Promise<object> {
  return {
    files: treeOf(system.filesDir),
    server: system.cluster.pid === undefined ? 'stopped' : await runningSince(system),
    beside: [...readdirSync(system.dir), ...readdirSync(system.cluster.dir)].filter((name) =>
      /holdfast-|^out/.test(name),
    ),
  };
}

export async function runningSince({ cluster }: TestSystem): Promise<string> {
  return cluster.psql('select pg_postmaster_start_time()');
}

/** Changes a file for the time of `act`, then puts the old one back. A change to undefined takes it away. */
export async function altered<T>(
  file: string,
  change: (bytes: Buffer) => Buffer | undefined,
  act: () => Promise<T>,
): Promise<T> {
  const kept = `${file}.kept-by-test`;
  renameSync(file, kept);
  const other = change(readFileSync(kept));
  if (other !== undefined) writeFileSync(file, other, { mode: lstatSync(kept).mode & 0o777 });
  try {
    return await act();
  } finally {
    rmSync(file, { force: true });
    renameSync(kept, file);
  }
}

/** One bit is another, in the middle unless said otherwise. */
export function flipped(at?: number): (bytes: Buffer) => Buffer {
  return (bytes) => {
    const place = at ?? Math.floor(bytes.length / 2);
    bytes[place] = (bytes[place] ?? 0) ^ 0x10;
    return bytes;
  };
}

/** Object keys of a `dir` store that match, in order. */
export function objects(storeDir: string, like: RegExp): string[] {
  return readdirSync(storeDir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(storeDir, path.join(entry.parentPath, entry.name)))
    .filter((key) => like.test(key))
    .sort();
}

/** The one object that matches. */
export function object(storeDir: string, like: RegExp): string {
  const [first, ...others] = objects(storeDir, like);
  if (first === undefined || others.length > 0) throw new Error(`not one object is like ${like}: ${first}, ${others}`);
  return path.join(storeDir, first);
}

/** The repository of a system, opened with its real key. */
export async function withCopy<T>({ config }: TestSystem, use: (copy: RepositoryCopy) => Promise<T>): Promise<T> {
  const repository = await openConfiguredRepository((await loadConfig(config)).config);
  try {
    return await use(repository.copy());
  } finally {
    await repository.close();
  }
}
