/**
 * Copying a sealed backup to a further store, object by object, each checked in the store it comes to; what is right there already is not sent again, and
 * what is damaged there is put right. Within one S3 service the service copies; else the bytes go through here, an object at a time.
 */
import type { SealedManifest } from '../domain/backup';
import { HoldfastError, isHoldfastError } from '../domain/errors';
import { documentKeys } from './backup-objects';
import type { RepositoryCopy } from './copy';
import { type DocumentRef, refOf } from './documents';
import { backupKeys } from './names';
import { type Flaw, fetchSound, isSound, putSound, type Repaired, repairWith, type Sound } from './repair';
import { getRunIndex } from './run-index';
import type { Bandwidth } from './stores/bandwidth';

export interface CopyOutcome {
  packs: number;
  bytes: number;
  storedBytes: number;
  /** Were there already. */
  reused: number;
  /** Of packs that were not. */
  sentBytes: number;
  /** Of what was there and damaged, or was damaged in the first source: what was repaired from where. */
  repaired: Repaired[];
  /** Found damaged, and not put right. */
  flaws: Flaw[];
}

export interface CopyOptions {
  signal?: AbortSignal;
  /** After every pack. */
  progress?: (sofar: CopyOutcome) => void;
  /** Where an object comes from that is damaged in the first source. */
  others?: RepositoryCopy[];
  /** Limits what is sent, and what the service is told to send. */
  bandwidth?: Bandwidth;
  /** Reads what is there already, instead of believing the store’s own checksum. */
  read?: boolean;
}

/** One run: its packs, then its index. @throws HoldfastError `checksum_mismatch` when no source is whole */
export async function copyRun(
  from: RepositoryCopy,
  to: RepositoryCopy,
  ref: DocumentRef,
  options: CopyOptions = {},
): Promise<CopyOutcome> {
  assertSameRepository(from, to);
  const { signal, progress } = options;
  const outcome: CopyOutcome = { packs: 0, bytes: 0, storedBytes: 0, reused: 0, sentBytes: 0, repaired: [], flaws: [] };
  const index = await indexOf([from, ...(options.others ?? [])], ref);
  for (const pack of index.packs) {
    signal?.throwIfAborted();
    const object = { key: pack.object, sha256: pack.sha256, bytes: pack.storedBytes };
    const fresh = await copyObject(from, to, object, outcome, options);
    outcome.packs += 1;
    outcome.bytes += pack.bytes;
    outcome.storedBytes += pack.storedBytes;
    outcome.reused += fresh ? 0 : 1;
    outcome.sentBytes += fresh ? pack.storedBytes : 0;
    progress?.(outcome);
  }
  await copyObject(from, to, ref, outcome, options);
  return outcome;
}

/** Keys, manifests and checksums: after all runs, so that a copy with a manifest is a whole one. */
export async function copyDocuments(
  from: RepositoryCopy,
  to: RepositoryCopy,
  manifest: SealedManifest,
  options: Pick<CopyOptions, 'signal' | 'others'> = {},
): Promise<Repaired[]> {
  assertSameRepository(from, to);
  const { backupId } = manifest;
  const outcome: CopyOutcome = { packs: 0, bytes: 0, storedBytes: 0, reused: 0, sentBytes: 0, repaired: [], flaws: [] };
  for (const key of [...documentKeys(backupId), backupKeys.checksums(backupId)]) {
    const ref = refOf(key, await from.store.get(key, { signal: options.signal }));
    await copyObject(from, to, ref, outcome, options);
  }
  return outcome.repaired;
}

/** @returns whether it had to be sent */
async function copyObject(
  from: RepositoryCopy,
  to: RepositoryCopy,
  ref: DocumentRef,
  outcome: CopyOutcome,
  { signal, others = [], bandwidth, read }: CopyOptions,
): Promise<boolean> {
  const there = await to.store.head(ref.key, { signal });
  if (there !== undefined && (await isSound(to, ref, { read, signal }))) return false;
  const damaged = there !== undefined;
  await bandwidth?.take(ref.bytes, signal);
  // What the service copies by itself has no lock of what it covers.
  if (!(damaged && (await to.store.locks?.supported())) && (await takeWithin(from, to, ref, signal))) {
    if (damaged) outcome.repaired.push({ key: ref.key, store: to.store.name, from: from.store.name });
    return true;
  }
  const sound = await fetchSound([from, ...others], ref, signal);
  await (damaged ? repairWith : putSound)(to, ref, sound.object, signal);
  if (damaged) outcome.repaired.push({ key: ref.key, store: to.store.name, from: sound.from });
  for (const flaw of sound.flaws) await mend([from, ...others], flaw, ref, sound, outcome);
  return true;
}

/** A source that was found damaged on the way. That it cannot be written keeps nobody from copying. */
async function mend(
  sources: RepositoryCopy[],
  flaw: Flaw,
  ref: DocumentRef,
  { object, from }: Sound,
  outcome: CopyOutcome,
): Promise<void> {
  const source = sources.find(({ store }) => store.name === flaw.store);
  if (source === undefined || !repairable.has(flaw.code)) return;
  try {
    await repairWith(source, ref, object);
    outcome.repaired.push({ key: ref.key, store: flaw.store, from });
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    outcome.flaws.push(flaw);
  }
}

const repairable = new Set(['object_not_found', 'checksum_mismatch']);

/** False: the service cannot, or what it copied is not what was written; the next way tells why. */
async function takeWithin(
  from: RepositoryCopy,
  to: RepositoryCopy,
  ref: DocumentRef,
  signal?: AbortSignal,
): Promise<boolean> {
  if (!(await to.store.takeFrom?.(from.store, ref.key, { signal }))) return false;
  return await isSound(to, ref, { signal });
}

async function indexOf(copies: RepositoryCopy[], ref: DocumentRef) {
  let failure: unknown;
  for (const copy of copies) {
    try {
      return await getRunIndex(copy, ref);
    } catch (error) {
      failure ??= error;
    }
  }
  throw failure;
}

function assertSameRepository(from: RepositoryCopy, to: RepositoryCopy): void {
  if (from.repositoryId === to.repositoryId) return;
  throw new HoldfastError('repository_format', 'the stores hold different repositories', { where: to.store.location });
}
