/**
 * The master keys that open a repository: each store holds the repository key wrapped by every one of them. A key is replaced by adding the new
 * one, telling it to every host, and retiring the old one; backups, packs and WAL stay as they are, since what they are sealed with does not change.
 *
 * Each store is written by itself, and a second call finishes what a first one began. Not guaranteed: anything against whoever had the old key and a copy of
 * the description: they had the repository key.
 */
import { HoldfastError, isHoldfastError } from '../domain/errors';
import type { MasterKey } from './crypto/master-key';
import { type Description, repositoryKeyOf, type WrappedKey, wrapFor } from './description';
import { readDescription } from './establish';
import { listFurtherKeys, putFurtherKey, removeFurtherKey } from './further-keys';
import { putLockedAsBefore } from './locks/keep';
import { descriptionKey } from './names';
import type { Store } from './store';

export interface KnownKey {
  fingerprint: string;
  mode: WrappedKey['mode'];
  /** Names of the stores that it opens, and of those that it does not. */
  stores: string[];
  lacking: string[];
}

/** In the order of the first store that knows each. Stores without a repository are none. */
export async function listMasterKeys(stores: Store[]): Promise<KnownKey[]> {
  const described = await describedStores(stores);
  const names = described.map(({ store }) => store.name);
  const known = new Map<string, KnownKey>();
  for (const { store, keys } of described) {
    for (const { fingerprint, mode } of keys) {
      const key = known.get(fingerprint) ?? { fingerprint, mode, stores: [], lacking: [] };
      key.stores.push(store.name);
      known.set(fingerprint, key);
    }
  }
  return [...known.values()].map((key) => ({ ...key, lacking: names.filter((name) => !key.stores.includes(name)) }));
}

/**
 * @param current one that opens the repository
 * @returns names of the stores that did not have it yet
 * @throws HoldfastError `key_wrong` when the current one opens none of them
 */
export async function addMasterKey(stores: Store[], current: MasterKey, added: MasterKey): Promise<string[]> {
  const described = await describedStores(stores);
  const repositoryKey = await openedBy(described, current);
  const changed: string[] = [];
  for (const one of described) {
    const { store, description } = one;
    if (entryOf(one, added.fingerprint) !== undefined) continue;
    await putFurtherKey(store, await wrapFor(description.repositoryId, repositoryKey, added));
    changed.push(store.name);
  }
  for (const one of await describedStores(stores)) await assertOpens(one, added, repositoryKey);
  return changed;
}

/**
 * @param key tried in every store, and not only looked up
 * @returns names of the stores that it does not open, or not as the current one does
 */
export async function unopenedBy(stores: Store[], current: MasterKey, key: MasterKey): Promise<string[]> {
  const described = await describedStores(stores);
  if (described.length === 0) return [];
  const repositoryKey = await openedBy(described, current);
  const unopened: string[] = [];
  for (const one of described) {
    try {
      await assertOpens(one, key, repositoryKey);
    } catch (error) {
      if (!isHoldfastError(error) || error.retryable) throw error;
      unopened.push(one.store.name);
    }
  }
  return unopened;
}

export interface Retired {
  /** Names of those that had it. */
  stores: string[];
  /** Where its entry is locked, and lies below what is read: until when. */
  hidden: { store: string; until: string }[];
}

/**
 * @param current one that stays, and opens every store
 * @throws HoldfastError `key_still_needed`, `key_wrong`
 */
export async function retireMasterKey(stores: Store[], current: MasterKey, retired: string): Promise<Retired> {
  if (current.fingerprint === retired) {
    throw new HoldfastError('key_still_needed', 'the key to be retired is the one that is configured', {
      hints: [
        'add the new one (holdfast key add FILE), name it in the configuration of every host, then retire this one',
      ],
    });
  }
  const described = await describedStores(stores);
  const repositoryKey = await openedBy(described, current);
  for (const one of described) await assertOpens(one, current, repositoryKey);
  const changed: Retired = { stores: [], hidden: [] };
  for (const one of described) {
    const { store, description } = one;
    const staying = entryOf(one, current.fingerprint);
    if (staying === undefined || entryOf(one, retired) === undefined) continue;
    // The other one's entry takes its place first: at no moment is there none.
    if (description.key.mode !== 'none' && description.key.fingerprint === retired)
      await replaceKey(store, description, staying);
    const until = await removeFurtherKey(store, retired);
    if (until !== undefined) changed.hidden.push({ store: store.name, until: until.toISOString() });
    changed.stores.push(store.name);
  }
  return changed;
}

interface DescribedStore {
  store: Store;
  description: Description;
  /** Every master key that opens it. */
  keys: WrappedKey[];
}

async function describedStores(stores: Store[]): Promise<DescribedStore[]> {
  const described = await Promise.all(
    stores.map(async (store) => {
      const description = await readDescription(store);
      if (description === undefined) return [];
      const { key } = description;
      if (key.mode === 'none') return [{ store, description, keys: [] }];
      const further = (await listFurtherKeys(store)).filter(({ fingerprint }) => fingerprint !== key.fingerprint);
      return [{ store, description, keys: [key, ...further] }];
    }),
  );
  return described.flat();
}

function entryOf({ keys }: DescribedStore, wanted: string): WrappedKey | undefined {
  return keys.find(({ fingerprint }) => fingerprint === wanted);
}

/** By whichever store the current key opens: a call that was cut off left them different. */
async function openedBy(described: DescribedStore[], current: MasterKey): Promise<Buffer> {
  const fitting = described.find((one) => entryOf(one, current.fingerprint) !== undefined) ?? described[0];
  if (fitting === undefined) throw new HoldfastError('backup_not_found', 'the stores hold no repository yet');
  if (fitting.description.key.mode === 'none') {
    throw new HoldfastError('key_wrong', 'the repository is not encrypted: it has no master key', {
      where: fitting.store.location,
      hints: ['encrypted backups need a new, empty store'],
    });
  }
  return await openBy(fitting, current);
}

async function openBy(one: DescribedStore, key: MasterKey): Promise<Buffer> {
  return await repositoryKeyOf(one.description, key, one.store.location, entryOf(one, key.fingerprint));
}

async function replaceKey(store: Store, description: Description, key: WrappedKey): Promise<void> {
  await putLockedAsBefore(store, descriptionKey, Buffer.from(`${JSON.stringify({ ...description, key }, null, 2)}\n`));
}

async function assertOpens(one: DescribedStore, key: MasterKey, repositoryKey: Buffer): Promise<void> {
  if ((await openBy(one, key)).equals(repositoryKey)) return;
  throw new HoldfastError('checksum_mismatch', 'a master key does not open what the others open', {
    where: one.store.location,
  });
}
