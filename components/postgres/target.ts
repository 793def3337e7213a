/** Whether a directory may become, or be replaced by, a restored data directory. Looks only; touches nothing. */
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { HoldfastError } from '../../domain/errors';
import { runningInstance } from './instance';
import { readControlFile } from './pg-control';

/** Whether the directory looks like PostgreSQL's data. */
export function isDataDirectory(directory: string): boolean {
  return ['PG_VERSION', 'global/pg_control'].every((name) => existsSync(path.join(directory, name)));
}

/**
 * For a restore in place.
 * @param systemIdentifier of the backup
 * @throws HoldfastError `target_in_use` when a server of another system runs there, `target_not_empty` when it holds something
 *   that is no database
 */
export function checkInPlaceTarget(dataDir: string, systemIdentifier: string): void {
  if (isEmpty(dataDir)) return;
  if (!isDataDirectory(dataDir)) {
    throw new HoldfastError('target_not_empty', 'the data directory holds something that is no PostgreSQL data', {
      where: dataDir,
      hints: ['check dataDir in the configuration; empty the directory if it is right'],
    });
  }
  if (runningInstance(dataDir) && readControlFile(dataDir).systemIdentifier !== systemIdentifier) {
    throw new HoldfastError('target_in_use', 'a server of another system runs on the data directory', {
      where: dataDir,
      hints: ['stop it yourself if it may go, or restore to another directory'],
    });
  }
}

/**
 * For a restore to another directory.
 * @throws HoldfastError `target_in_use`, `target_not_empty`
 */
export function checkFreshTarget(dataDir: string): void {
  if (runningInstance(dataDir)) {
    throw new HoldfastError('target_in_use', 'a server runs on the target directory', {
      where: dataDir,
      hints: ['name an empty or new directory'],
    });
  }
  if (!isEmpty(dataDir)) {
    throw new HoldfastError('target_not_empty', 'the target directory is not empty', {
      where: dataDir,
      hints: ['name an empty or new directory'],
    });
  }
}

function isEmpty(directory: string): boolean {
  return !existsSync(directory) || readdirSync(directory).length === 0;
}
