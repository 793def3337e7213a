/**
 * The real parts that tests run against. `npm test` names them in the environment; a test run by hand finds what is on
 * PATH or in the cache. A part that is nowhere is an error that says what helps: no test is skipped for want of one.
 */
import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

/** The Temporal CLI. */
export function temporalCli(): string {
  return part('temporal', 'HOLDFAST_TEMPORAL_CLI');
}

/** The S3 server. */
export function versitygw(): string {
  return part('versitygw', 'HOLDFAST_VERSITYGW');
}

function part(name: string, variable: string): string {
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  const places = [process.env[variable] ?? '', ...[...folders, ...caches()].map((folder) => path.join(folder, name))];
  const found = places.find((file) => path.isAbsolute(file) && isProgram(file));
  if (found === undefined) throw new Error(`${name} is missing; hint: node scripts/part.mjs ${name}`);
  return found;
}

function caches(): string[] {
  if (process.env.HOLDFAST_CACHE) return [path.join(process.env.HOLDFAST_CACHE, 'bin')];
  const own = process.env.XDG_CACHE_HOME ?? path.join(homedir(), '.cache');
  return ['/var/cache/holdfast/bin', path.join(own, 'holdfast', 'bin')];
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
