/** The repository as a command reads it: straight from the stores, without any engine. */
import { openConfiguredRepository } from '../../components/config-file/open-repository';
import type { LoadedConfig } from '../../domain/config/types';
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
    throw error;
  }
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
