import { contentMac } from '../crypto/keys';
import { openBytes, sealBytes } from '../crypto/sealed-bytes';
import type { OpenOptions } from '../crypto/unseal';
import type { Repository } from '../repository';
import type { Store } from '../store';
import type { WalObjects } from './objects';

/** Opens a sealed object. It may take the object's memory away. */
export type OpenSealed = (object: Buffer, options: OpenOptions) => Buffer | Promise<Buffer>;

/**
 * The archive's objects in a repository, in all of its stores or in those named.
 * @param open absent: in the caller's own thread
 */
export function walObjects(repository: Repository, stores?: string[], open: OpenSealed = openBytes): WalObjects {
  const { repositoryId, keys, copies } = repository;
  const bound = (key: string) => `wal/${repositoryId}/${key}`;
  return {
    stores: stores ? stores.map((name): Store => repository.copy(name).store) : copies.map(({ store }) => store),
    seal: (plaintext, context) => sealBytes(plaintext, { key: keys.wal, context: bound(context), kind: 'wal' }).object,
    open: (sealed, context) => open(sealed, { key: keys.wal, context: bound(context), kind: 'wal', where: context }),
    name: (text) => contentMac(keys.names, Buffer.from(text, 'utf8')),
  };
}
