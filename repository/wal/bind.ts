import { contentMac } from '../crypto/keys';
import { openBytes, sealBytes } from '../crypto/sealed-bytes';
import type { Repository } from '../repository';
import type { Store } from '../store';
import type { WalObjects } from './objects';

/** The archive's objects in a repository, in all of its stores or in those named. */
export function walObjects(repository: Repository, stores?: string[]): WalObjects {
  const { repositoryId, keys, copies } = repository;
  const bound = (key: string) => `wal/${repositoryId}/${key}`;
  return {
    stores: stores ? stores.map((name): Store => repository.copy(name).store) : copies.map(({ store }) => store),
    seal: (plaintext, context) => sealBytes(plaintext, { key: keys.wal, context: bound(context), kind: 'wal' }).object,
    open: (sealed, context) =>
      openBytes(sealed, { key: keys.wal, context: bound(context), kind: 'wal', where: context }),
    name: (text) => contentMac(keys.names, Buffer.from(text, 'utf8')),
  };
}
