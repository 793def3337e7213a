/**
 * Finds and reads `holdfast.yaml`, for the command line and for workers.
 * Guaranteed: what comes back is checked and complete. Not guaranteed: that anything it names can be reached.
 */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseConfig } from '../../domain/config/parse';
import type { LoadedConfig } from '../../domain/config/types';
import { HoldfastError } from '../../domain/errors';

export type { Config, LoadedConfig } from '../../domain/config/types';

/** `npm run` changes the working directory and leaves the user's in INIT_CWD: relative paths are meant from there. */
export function whereTheUserStands(environment: NodeJS.ProcessEnv = process.env): string {
  return environment.INIT_CWD ?? process.cwd();
}

/** A path of the command line, absolute. */
export function userPath(path: string, environment: NodeJS.ProcessEnv = process.env): string {
  return resolve(whereTheUserStands(environment), path);
}

/** `path`, else `$HOLDFAST_CONFIG`, else `./holdfast.yaml`, absolute. */
export function configPath(path?: string, environment: NodeJS.ProcessEnv = process.env): string {
  return userPath(path ?? environment.HOLDFAST_CONFIG ?? 'holdfast.yaml', environment);
}

/**
 * @throws HoldfastError `config_not_found`, `config_invalid`
 */
export async function loadConfig(path?: string, environment: NodeJS.ProcessEnv = process.env): Promise<LoadedConfig> {
  const file = configPath(path, environment);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const absent = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new HoldfastError(
      'config_not_found',
      absent ? 'there is no configuration' : 'the configuration cannot be read',
      {
        where: file,
        cause: error,
        hints: absent
          ? ['write one with "holdfast config init", or name it with --config FILE or HOLDFAST_CONFIG']
          : [`make it a file that this user can read: ${(error as NodeJS.ErrnoException).code}`],
      },
    );
  }
  return parseConfig(text, file, environment);
}
