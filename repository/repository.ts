/**
 * Where backups live: the same repository in one or several stores.
 *
 * Guaranteed: what is sealed can be read with the key alone, from any one store that holds it; whoever alters, swaps or cuts an
 * object is noticed; two openings that create at once agree on one repository. The stores are the truth: everything else
 * (catalog, caches, histories) can be made again from them.
 * Not guaranteed: anything about a store that could not be reached when the repository was opened; it is named in
 * `unavailable` and takes no part.
 *
 * Functions by file: `data-key`, `plans`, `run-index`, `packs/store-pack`, `sealed-manifest`, `plain-manifest`, `checksums`, `heads`,
 * `catalog-lines`, `receipts`, `receipt-sequence`, `rebuild`, `remove`, `replicate`, `verify`. Each takes a {@link RepositoryCopy}.
 */
import { HoldfastError, isHoldfastError } from '../domain/errors';
import type { RepositoryCopy } from './copy';
import type { KeySource } from './crypto/key-source';
import { deriveRepositoryKeys, type RepositoryKeys } from './crypto/keys';
import { type MasterKey, openMasterKey } from './crypto/master-key';
import { assertUsable, type Description, repositoryKeyOf, type WrappedKey } from './description';
import { establish, readDescription } from './establish';
import { readFurtherKey } from './further-keys';
import type { Store } from './store';

export interface OpenRepository {
  /** In the order of the configuration. */
  stores: Store[];
  keySource: KeySource;
  system: string;
  /** Make the repository where no store has one yet, which needs every store; those that are empty join it. */
  create?: boolean;
  /** Stores, by name, that are known to be out of reach, though something answers in their place. */
  away?: ReadonlyMap<string, HoldfastError>;
}

export interface UnavailableStore {
  store: Store;
  error: HoldfastError;
}

export class Repository {
  private constructor(
    readonly repositoryId: string,
    readonly encrypted: boolean,
    readonly keys: RepositoryKeys,
    readonly copies: RepositoryCopy[],
    readonly unavailable: UnavailableStore[],
  ) {}

  /**
   * @throws HoldfastError `backup_not_found` when no store holds a repository and none is to be made; `key_invalid`, `key_wrong`,
   *   `repository_format`; the first store's error when none can be reached
   */
  static async open({ stores, keySource, system, create = false, away }: OpenRepository): Promise<Repository> {
    const masterKey = await openMasterKey(keySource);
    const { found, unavailable } = await look(stores, create, away);
    const description = await establish(found, { system, masterKey, create });
    const where = found[0]?.store.location ?? '';
    assertUsable(description, system, where);
    const keys = deriveRepositoryKeys(await openedBy(masterKey, found, description, where));
    const { repositoryId } = description;
    const encrypted = description.key.mode !== 'none';
    const copies = found.map(({ store }) => ({ store, repositoryId, system, keys, encrypted }));
    return new Repository(repositoryId, encrypted, keys, copies, unavailable);
  }

  /** The same with one store alone: what the others hold cannot help. @throws HoldfastError as {@link copy} */
  only(name: string): Repository {
    const unavailable = this.unavailable.filter(({ store }) => store.name === name);
    const copies = unavailable.length > 0 ? [] : [this.copy(name)];
    return new Repository(this.repositoryId, this.encrypted, this.keys, copies, unavailable);
  }

  /** The copy in a store of that name; without a name the first. */
  copy(name?: string): RepositoryCopy {
    const found = name === undefined ? this.copies[0] : this.copies.find((one) => one.store.name === name);
    if (found !== undefined) return found;
    const gone = this.unavailable.find((one) => one.store.name === name);
    if (gone !== undefined) throw gone.error;
    throw new HoldfastError('config_invalid', `there is no store named ${name}`, {
      hints: [`stores: ${this.copies.map((one) => one.store.name).join(', ')}`],
    });
  }

  async close(): Promise<void> {
    const stores = [...this.copies, ...this.unavailable].map(({ store }) => store);
    await Promise.all(stores.map((store) => store.close()));
  }
}

/** By what any of the stores says: a key that was added to one of them only opens them all. */
async function openedBy(
  masterKey: MasterKey | undefined,
  found: FoundStore[],
  shared: Description,
  where: string,
): Promise<Buffer> {
  const further = masterKey && (await furtherKeyOf(shared, masterKey, found));
  return await repositoryKeyOf(shared, masterKey, where, further);
}

async function furtherKeyOf(
  { key }: Description,
  { fingerprint }: MasterKey,
  found: FoundStore[],
): Promise<WrappedKey | undefined> {
  if (key.mode === 'none' || key.fingerprint === fingerprint) return undefined;
  let failure: unknown;
  for (const { store, description } of found) {
    if (description?.key.mode !== 'none' && description?.key.fingerprint === fingerprint) return description.key;
    try {
      const entry = await readFurtherKey(store, fingerprint);
      if (entry !== undefined) return entry;
    } catch (error) {
      failure ??= error; // another store may have it whole
    }
  }
  if (failure !== undefined) throw failure;
  return undefined;
}

export interface FoundStore {
  store: Store;
  description: Description | undefined;
}

async function look(
  stores: Store[],
  all: boolean,
  away?: ReadonlyMap<string, HoldfastError>,
): Promise<{ found: FoundStore[]; unavailable: UnavailableStore[] }> {
  const looked = await Promise.all(
    stores.map(async (store) => {
      const error = away?.get(store.name);
      return error === undefined ? await lookAt(store, all) : { store, error };
    }),
  );
  const found = looked.filter((one) => 'description' in one);
  const unavailable = looked.filter((one) => 'error' in one);
  const first = unavailable[0];
  // A store that is away may hold the repository that must not be begun a second time, unless another one shows it.
  const known = found.some(({ description }) => description !== undefined);
  if (first !== undefined && (found.length === 0 || (all && !known))) throw first.error;
  return { found, unavailable };
}

async function lookAt(store: Store, toWrite: boolean): Promise<FoundStore | UnavailableStore> {
  try {
    if (toWrite) await store.clock().catch(async () => await store.probe());
    return { store, description: await readDescription(store) };
  } catch (error) {
    if (!isHoldfastError(error) || !error.code.startsWith('store_')) throw error;
    return { store, error };
  }
}
