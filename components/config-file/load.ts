/**
 * Finds and reads `holdfast.yaml`, for the command line and for workers.
 * Guaranteed: what comes back is checked and complete. Not guaranteed: that anything it names can be reached.
 */
import { readFile } from 'node:fs/promises';
import { parseConfig } from '../../domain/config/parse';
import type { LoadedConfig } from '../../domain/config/types';
import { HoldfastError } from '../../domain/errors';
import { configPath } from './paths';

export type { Config, LoadedConfig } from '../../domain/config/types';

export { configPath, userPath, whereTheUserStands } from './paths';

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
