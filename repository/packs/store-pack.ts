/** Packs in a store: put once, found again, fetched. */
import { createHash } from 'node:crypto';
import { HoldfastError } from '../../domain/errors';
import type { StoredPack } from '../../domain/pack';
import type { RepositoryCopy } from '../copy';
import { damaged, decodeFooter, footerBytes } from '../crypto/sealed-format';
import type { GetOptions } from '../store';
import type { BuiltPack } from './build';
import { type PackAccess, readIndex, tailBytes } from './open';
import type { PackIndex, PackRef } from './pack-index';

/** The pack as it is in the store; when another attempt was first, what that one stored. */
export async function storePack(
  copy: RepositoryCopy,
  object: string,
  built: BuiltPack,
  access: Omit<PackAccess, 'where' | 'pack'>,
  signal?: AbortSignal,
): Promise<StoredPack> {
  const outcome = await copy.store.put(object, built.object, {
    ...{ ifAbsent: true, sha256: built.sha256, readBackLater: true, signal }, // every backup is verified from its store
  });
  const { pack, storedBytes, sha256, bytes, contentMac, slices } = built;
  if (outcome === 'created') return { pack, object, storedBytes, sha256, bytes, contentMac, slices };
  const winner = await findStoredPack(copy, object, { ...access, pack }, signal);
  return winner ?? (await storePack(copy, object, built, access, signal)); // gone in between: a discarded backup
}

/**
 * What a pack in the store holds, read from its tail: the source is not needed. Undefined when it is not there.
 * @throws HoldfastError `checksum_mismatch` when what is there is damaged
 */
export async function findStoredPack(
  copy: RepositoryCopy,
  object: string,
  ref: PackRef & { dataKey: Uint8Array },
  signal?: AbortSignal,
): Promise<StoredPack | undefined> {
  const { store } = copy;
  const seen = await store.head(object, { signal });
  if (seen === undefined) return undefined;
  const access: PackAccess = { ...ref, where: `${store.name}:${object}` };
  const sizeOf = (length: number) => ({ range: { start: -length }, signal });
  let found = readIndex(await store.get(object, sizeOf(tailBytes)), access);
  if ('need' in found) found = readIndex(await store.get(object, sizeOf(found.need)), access);
  if ('need' in found || found.bytes !== seen.bytes) throw damaged('has been cut or glued together', access.where);
  const { slices, bytes, contentMac, bodySha256 } = found.index;
  const sha256 = seen.sha256 ?? (await hashWhole(copy, access, bodySha256, signal));
  return { pack: ref.pack, object, storedBytes: seen.bytes, sha256, bytes, contentMac, slices };
}

/** The index of a pack that is known to be stored. @throws HoldfastError `object_not_found`, `checksum_mismatch` */
export async function readPackIndex(
  copy: RepositoryCopy,
  object: string,
  ref: PackRef & { dataKey: Uint8Array },
  signal?: AbortSignal,
): Promise<PackIndex> {
  const access: PackAccess = { ...ref, where: `${copy.store.name}:${object}` };
  const tail = async (length: number) =>
    readIndex(await copy.store.get(object, { range: { start: -length }, signal }), access);
  let found = await tail(tailBytes);
  if ('need' in found) found = await tail(found.need);
  if ('need' in found) throw damaged('has been cut or glued together', access.where);
  return found.index;
}

/** Where the store keeps no checksum: of the bytes themselves, which must be those that were written. */
async function hashWhole(
  copy: RepositoryCopy,
  access: PackAccess,
  bodySha256: string,
  signal?: AbortSignal,
): Promise<string> {
  const object = await copy.store.get(access.where.slice(copy.store.name.length + 1), { signal });
  const body = object.length - footerBytes - decodeFooter(object, access.where).lastFrameBytes;
  const hash = createHash('sha256').update(object.subarray(0, body));
  if (hash.copy().digest('hex') !== bodySha256) throw damaged('has other bytes than were written', access.where);
  return hash.update(object.subarray(body)).digest('hex');
}

/**
 * A whole pack as it is in the store. Nothing but its length has been looked at: opening it tells whether it is right.
 * @throws HoldfastError `checksum_mismatch`, `object_not_found`
 */
export async function fetchPack(copy: RepositoryCopy, pack: StoredPack, options: GetOptions = {}): Promise<Buffer> {
  const object = await copy.store.get(pack.object, options);
  if (object.length === pack.storedBytes) return object;
  throw damaged('has another length than was written', `${copy.store.name}:${pack.object}`);
}

/** Asks for the length of a pack in the store, and reads nothing. @throws HoldfastError as {@link fetchPack} */
export async function checkPresence(copy: RepositoryCopy, pack: StoredPack, signal?: AbortSignal): Promise<void> {
  const where = `${copy.store.name}:${pack.object}`;
  const seen = await copy.store.head(pack.object, { signal });
  if (!seen) throw new HoldfastError('object_not_found', 'the object is not in the store', { where });
  if (seen.bytes !== pack.storedBytes) throw damaged('has another length than was written', where);
}

/**
 * Compares the checksum that the store computed when the pack was put with what its run's index says, and reads nothing.
 * @returns false when the store keeps none: then only the bytes tell
 * @throws HoldfastError as {@link fetchPack}
 */
export async function checkByStore(copy: RepositoryCopy, pack: StoredPack, signal?: AbortSignal): Promise<boolean> {
  const where = `${copy.store.name}:${pack.object}`;
  const seen = await copy.store.head(pack.object, { signal });
  if (!seen) throw new HoldfastError('object_not_found', 'the object is not in the store', { where });
  if (seen.bytes !== pack.storedBytes) throw damaged('has another length than was written', where);
  if (seen.sha256 === undefined) return false;
  if (seen.sha256 === pack.sha256) return true;
  throw damaged('has other bytes than were written', where);
}

/** Compares the bytes of a pack with what its run's index says. @throws HoldfastError `checksum_mismatch` */
export async function checkPack(
  copy: RepositoryCopy,
  pack: StoredPack,
  object: Buffer,
  hash: (bytes: Buffer) => Promise<string> = sha256Of,
): Promise<void> {
  if ((await hash(object)) === pack.sha256) return;
  throw damaged('has other bytes than were written', `${copy.store.name}:${pack.object}`);
}

/** On the thread pool of the runtime, so that the event loop goes on. */
export async function sha256Of(bytes: Buffer): Promise<string> {
  const whole = bytes as Buffer<ArrayBuffer>;
  return Buffer.from(await crypto.subtle.digest('SHA-256', whole)).toString('hex');
}
