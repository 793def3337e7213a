/** The repository as a command reads it: straight from the stores, without any engine. */
import { resolveSecret } from '../../components/config-file/secrets';
import type { Config, LoadedConfig, StoreConfig } from '../../domain/config/types';
import { HoldfastError, isHoldfastError } from '../../domain/errors';
import type { KeySource } from '../../repository/crypto/key-source';
import { Repository } from '../../repository/repository';
import type { Store } from '../../repository/store';
import { openStore } from '../../repository/stores/open';
import { say } from '../output/say';

/** @throws HoldfastError `secret_unavailable` */
export async function openConfiguredStore(name: string, config: StoreConfig): Promise<Store> {
  if (config.kind === 'dir') return openStore(name, config);
  const { accessKeyId, secretAccessKey, ...rest } = config;
  if (accessKeyId === undefined || secretAccessKey === undefined) return openStore(name, rest);
  return openStore(name, {
    ...rest,
    accessKeyId: await resolveSecret(accessKeyId),
    secretAccessKey: await resolveSecret(secretAccessKey),
  });
}

/** @throws HoldfastError `key_invalid` for a key service, which nothing here can reach yet */
export function keySourceOf({ encryption }: Config): KeySource {
  if (encryption === undefined) return { kind: 'none' };
  if (encryption.keyFile !== undefined) return { kind: 'file', path: encryption.keyFile };
  throw new HoldfastError('key_invalid', 'keys of a key management service are not supported', {
    where: 'encryption.kms',
    hints: ['use encryption.keyFile'],
  });
}

/**
 * The repository of the configuration; undefined when no store holds one yet. Stores that cannot be reached are told on stderr
 * and take no part.
 * @throws HoldfastError `key_wrong` and whatever opening a repository may throw
 */
export async function openRepository({ config }: LoadedConfig): Promise<Repository | undefined> {
  const stores: Store[] = [];
  try {
    for (const [name, one] of Object.entries(config.stores)) stores.push(await openConfiguredStore(name, one));
    const repository = await Repository.open({ stores, keySource: keySourceOf(config), system: config.system });
    for (const { store, error } of repository.unavailable) say(`warning: store ${store.name}: ${error.message}`);
    return repository;
  } catch (error) {
    await Promise.all(stores.map((store) => store.close()));
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
