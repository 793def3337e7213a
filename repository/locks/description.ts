/**
 * What opens a repository is locked with what it opens: whoever destroyed `repository.json` and the entries of its keys would have destroyed every locked backup.
 *
 * Guaranteed: what is written again in place of something locked is locked as long. Not guaranteed: that a key which was retired opens nothing: its locked entry
 * is hidden, and lies below until the lock ends.
 */
import { HoldfastError, isHoldfastError } from '../../domain/errors';
import type { RepositoryCopy } from '../copy';
import type { MasterKey } from '../crypto/master-key';
import { repositoryKeyOf } from '../description';
import { readDescription } from '../establish';
import { readFurtherKey } from '../further-keys';
import { descriptionKey, masterKeyKey, masterKeysPrefix } from '../names';
import type { Store } from '../store';
import type { Lock } from '../store-capabilities';
import { lockAll } from './extend';

/** @throws HoldfastError `repository_format` when another description lies there: a lock would only hold that in its place */
export async function lockDescription(copy: RepositoryCopy, lock: Lock): Promise<void> {
  const { store, repositoryId } = copy;
  if ((await readDescription(store))?.repositoryId !== repositoryId) {
    throw new HoldfastError('repository_format', 'the store does not describe the repository any more', {
      where: `${store.name}:${descriptionKey}`,
      hints: ['`holdfast catalog rebuild` brings back what is locked below it'],
    });
  }
  await lockAll(copy, [descriptionKey, ...(await entriesIn(store))], lock);
}

/**
 * Where the key opens the store's repository nothing is done; where it does not, the versions that were locked first come back.
 * @returns how many objects
 */
export async function uncoverDescription(store: Store, masterKey: MasterKey | undefined): Promise<number> {
  if (!(await store.locks?.supported())) return 0;
  let objects = 0;
  const uncover = async (key: string) => {
    objects += (await store.locks?.uncover(key)) ?? 0;
  };
  for (const key of await entriesIn(store)) if (!(await isWhole(store, key))) await uncover(key);
  if (await opens(store, masterKey)) return objects;
  await uncover(descriptionKey);
  if (masterKey !== undefined && !(await opens(store, masterKey))) await uncover(masterKeyKey(masterKey.fingerprint));
  return objects;
}

async function entriesIn(store: Store): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(masterKeysPrefix)) keys.push(key);
  return keys;
}

async function isWhole(store: Store, key: string): Promise<boolean> {
  return await isFit(() => readFurtherKey(store, key.slice(masterKeysPrefix.length, -'.json'.length)));
}

async function opens(store: Store, masterKey: MasterKey | undefined): Promise<boolean> {
  return await isFit(async () => {
    const description = await readDescription(store);
    if (description === undefined) throw new HoldfastError('object_not_found', 'no description');
    const further = masterKey && (await readFurtherKey(store, masterKey.fingerprint));
    await repositoryKeyOf(description, masterKey, store.location, further);
  });
}

async function isFit(read: () => Promise<unknown>): Promise<boolean> {
  try {
    await read();
    return true;
  } catch (error) {
    if (isHoldfastError(error) && !error.retryable) return false;
    throw error;
  }
}
