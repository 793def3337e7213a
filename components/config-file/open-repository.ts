/** The repository and the connections that a configuration names, with secrets resolved at the last moment. */
import type { ClientConfig } from 'pg';
import type { Config, StoreConfig } from '../../domain/config/types';
import type { KeySource } from '../../repository/crypto/key-source';
import { Repository } from '../../repository/repository';
import type { Store } from '../../repository/store';
import { openStore } from '../../repository/stores/open';
import { clientConfig } from '../postgres/conninfo';
import { emptiedStores, rememberStores } from './known-stores';
import { resolveConnection, resolveSecret } from './secrets';

/** One store of the configuration; nothing is touched yet. */
export async function openConfiguredStore(name: string, config: StoreConfig): Promise<Store> {
  if (config.kind === 'dir') return openStore(name, config);
  const { kind, bucket, region, endpoint, prefix, storageClass, accessKeyId, secretAccessKey } = config;
  return openStore(name, {
    kind,
    bucket,
    region,
    endpoint,
    prefix,
    storageClass: storageClass as Parameters<typeof openStore>[1] extends infer C
      ? C extends { storageClass?: infer S }
        ? S
        : never
      : never,
    ...(accessKeyId && secretAccessKey
      ? { accessKeyId: await resolveSecret(accessKeyId), secretAccessKey: await resolveSecret(secretAccessKey) }
      : {}),
  });
}

export function keySourceOf({ encryption }: Config): KeySource {
  if (encryption === undefined) return { kind: 'none' };
  if (encryption.keyFile !== undefined) return { kind: 'file', path: encryption.keyFile };
  return { kind: 'kms', keyId: encryption.kms };
}

/**
 * A store that this host knows had a repository, and that has none now, is away.
 * @param create make it where there is none yet: needs every store
 */
export async function openConfiguredRepository(config: Config, { create = false } = {}): Promise<Repository> {
  const stores = await Promise.all(Object.entries(config.stores).map(([name, one]) => openConfiguredStore(name, one)));
  const away = emptiedStores(config);
  const keySource = keySourceOf(config);
  const repository = await Repository.open({ stores, keySource, system: config.system, create, away });
  const reached = repository.copies.map(({ store }) => store.name);
  if (create) rememberStores(config, repository.repositoryId, reached);
  return repository;
}

/** How to reach a database; keep it out of logs. */
export async function connectionOf({ connection }: { connection: string }): Promise<ClientConfig> {
  return clientConfig(await resolveConnection(connection));
}
