import { createHash } from 'node:crypto';
import { HoldfastError, isHoldfastError } from '../domain/errors';
import type { MasterKey } from './crypto/master-key';
import { readJson } from './crypto/sealed-bytes';
import { type Description, describeNew, descriptionSchema } from './description';
import { listFurtherKeys, offerFurtherKey } from './further-keys';
import { descriptionKey } from './names';
import type { FoundStore } from './repository';
import type { Store } from './store';

/**
 * Undefined when the store holds no repository. One that is locked and was hidden comes back first: who took it for absent would begin another
 * repository above it.
 */
export async function readDescription(store: Store): Promise<Description | undefined> {
  return (await readVisible(store)) ?? ((await uncovered(store)) ? await readVisible(store) : undefined);
}

async function readVisible(store: Store): Promise<Description | undefined> {
  try {
    return readJson(await store.get(descriptionKey), descriptionSchema, `${store.name}:${descriptionKey}`);
  } catch (error) {
    if (isHoldfastError(error) && error.code === 'object_not_found') return undefined;
    throw error;
  }
}

/** Who may not look, or not write, sees what is there. */
async function uncovered(store: Store): Promise<boolean> {
  try {
    return (await store.locks?.supported()) === true && ((await store.locks?.uncover(descriptionKey)) ?? 0) > 0;
  } catch (error) {
    if (isHoldfastError(error) && !error.retryable) return false;
    throw error;
  }
}

interface Establishing {
  system: string;
  masterKey: MasterKey | undefined;
  create: boolean;
}

/**
 * The description that all stores share; where allowed, it is made, and given to stores that have none yet. Of several makers the conditional put in
 * one store decides who wins: the first by name, since each site may name its stores in an order of its own.
 */
export async function establish(
  found: FoundStore[],
  { system, masterKey, create }: Establishing,
): Promise<Description> {
  const known = found.find((one) => one.description !== undefined)?.description;
  const inOrder = found.toSorted((a, b) => (a.store.name < b.store.name ? -1 : 1));
  const first = inOrder[0]?.store;
  if (first === undefined) throw new HoldfastError('config_invalid', 'no store is configured');
  if (known === undefined && !create) {
    throw new HoldfastError('backup_not_found', 'the store holds no repository yet', {
      where: found[0]?.store.location,
      hints: ['the first backup makes it; check that the store is the one you mean'],
    });
  }
  if (create && known === undefined) await first.probe();
  const description = known ?? (await describeNew(system, await first.clock(), masterKey));
  let shared = description;
  for (const one of inOrder) {
    if (one.description === undefined && create) {
      // Before it counts: each of them is to open this store too, when there is no other any more.
      if (known !== undefined) await giveFurtherKeys(found, one.store);
      one.description = await offer(one.store, shared);
    }
    if (one === inOrder[0]) shared = one.description ?? shared;
    if (one.description !== undefined) assertSame(one.description, shared, one.store);
  }
  return shared;
}

async function offer(store: Store, description: Description): Promise<Description> {
  const body = Buffer.from(`${JSON.stringify(description, null, 2)}\n`);
  const sha256 = createHash('sha256').update(body).digest('hex');
  const outcome = await store.put(descriptionKey, body, { ifAbsent: true, sha256 });
  const standing = outcome === 'created' ? description : await readDescription(store);
  if (standing !== undefined) return standing;
  throw new HoldfastError('store_unavailable', 'the store refuses a repository, and shows none', {
    where: store.location,
  });
}

async function giveFurtherKeys(found: FoundStore[], store: Store): Promise<void> {
  const given = new Set<string>();
  for (const { store: from, description } of found) {
    if (description === undefined || from === store || description.key.mode === 'none') continue;
    for (const entry of [description.key, ...(await listFurtherKeys(from))]) {
      if (!given.has(entry.fingerprint)) await offerFurtherKey(store, entry);
      given.add(entry.fingerprint);
    }
  }
}

function assertSame(one: Description, shared: Description, store: Store): void {
  if (one.repositoryId === shared.repositoryId) return;
  throw new HoldfastError('repository_format', 'the stores hold different repositories', {
    where: store.location,
    hints: ['a further store must be empty when it is added: it then joins the repository of the others'],
  });
}
