/** The repository as a command reads it: straight from the stores, without any engine. */
import { existsSync } from 'node:fs';
import { openConfiguredRepository } from '../../components/config-file/open-repository';
import type { Config, LoadedConfig } from '../../domain/config/types';
import { isHoldfastError } from '../../domain/errors';
import type { Repository } from '../../repository/repository';
import { say } from '../output/say';

/**
 * The repository of the configuration; undefined when no store holds one yet. Stores that cannot be reached are told on stderr
 * and take no part.
 * @throws HoldfastError `key_wrong` and whatever opening a repository may throw
 */
async function openRepository({ config }: LoadedConfig): Promise<Repository | undefined> {
  try {
    const repository = await openConfiguredRepository(config);
    for (const { store, error } of repository.unavailable) say(`warning: store ${store.name}: ${error.message}`);
    return repository;
  } catch (error) {
    if (isHoldfastError(error) && error.code === 'backup_not_found') return undefined;
    if (isHoldfastError(error) && error.code.startsWith('store_') && nothingYet(config)) return undefined;
    throw error;
  }
}

/** Whether the only stores are directories that do not exist: before the first backup, or not mounted, which the warning tells. */
function nothingYet({ stores }: Config): boolean {
  const missing = Object.values(stores).filter((one) => one.kind === 'dir' && !existsSync(one.path));
  if (missing.length < Object.keys(stores).length) return false;
  for (const one of missing)
    if (one.kind === 'dir') say(`warning: there is no directory ${one.path} yet: the first backup makes it`);
  return true;
}

/** Opens, hands over, and closes whatever happens. */
export async function withRepository<T>(
  loaded: LoadedConfig,
  use: (repository: Repository | undefined) => Promise<T>,
): Promise<T> {
  const repository = await openRepository(loaded);
  try {
    return await use(repository);
  } finally {
    await repository?.close();
  }
}
