/** Copying a sealed backup to a further store, object by object, each checked on the way; what is there already is not sent again. */
import type { SealedManifest } from '../domain/backup';
import { HoldfastError } from '../domain/errors';
import { documentKeys } from './backup-objects';
import type { RepositoryCopy } from './copy';
import { type DocumentRef, refOf } from './documents';
import { backupKeys } from './names';
import { getRunIndex } from './run-index';
import { confirmObject } from './stores/confirm';

export interface CopyOutcome {
  packs: number;
  bytes: number;
  storedBytes: number;
  /** Were there already. */
  reused: number;
}

export interface CopyOptions {
  signal?: AbortSignal;
  /** After every pack. */
  progress?: (sofar: CopyOutcome) => void;
}

/** One run: its packs, then its index. @throws HoldfastError `checksum_mismatch` when the source is damaged */
export async function copyRun(
  from: RepositoryCopy,
  to: RepositoryCopy,
  ref: DocumentRef,
  { signal, progress }: CopyOptions = {},
): Promise<CopyOutcome> {
  assertSameRepository(from, to);
  const index = await getRunIndex(from, ref);
  const outcome: CopyOutcome = { packs: 0, bytes: 0, storedBytes: 0, reused: 0 };
  for (const pack of index.packs) {
    signal?.throwIfAborted();
    const fresh = await copyObject(
      from,
      to,
      { key: pack.object, sha256: pack.sha256, bytes: pack.storedBytes },
      signal,
    );
    outcome.packs += 1;
    outcome.bytes += pack.bytes;
    outcome.storedBytes += pack.storedBytes;
    outcome.reused += fresh ? 0 : 1;
    progress?.(outcome);
  }
  await copyObject(from, to, ref, signal);
  return outcome;
}

/** Keys, manifests and checksums: after all runs, so that a copy with a manifest is a whole one. */
export async function copyDocuments(
  from: RepositoryCopy,
  to: RepositoryCopy,
  manifest: SealedManifest,
  signal?: AbortSignal,
): Promise<void> {
  assertSameRepository(from, to);
  const { backupId } = manifest;
  for (const key of [...documentKeys(backupId), backupKeys.checksums(backupId)]) {
    await copyObject(from, to, refOf(key, await from.store.get(key, { signal })), signal);
  }
}

/** @returns whether it had to be sent */
async function copyObject(
  from: RepositoryCopy,
  to: RepositoryCopy,
  { key, sha256, bytes }: DocumentRef,
  signal?: AbortSignal,
): Promise<boolean> {
  const there = await to.store.head(key, { signal });
  if (there !== undefined && (await isRight(to, { key, sha256, bytes }, signal))) return false;
  const body = await from.store.get(key, { signal });
  if (refOf(key, body).sha256 !== sha256) {
    throw new HoldfastError('checksum_mismatch', 'an object to be copied is damaged', {
      where: `${from.store.name}:${key}`,
      hints: ['the copy was not made: verify the backup, or make a new one'],
    });
  }
  await to.store.put(key, body, { sha256, signal }); // over what is damaged there, if anything is
  await confirmObject(to.store, key, bytes, sha256, { signal });
  return true;
}

async function isRight(
  to: RepositoryCopy,
  { key, sha256, bytes }: DocumentRef,
  signal?: AbortSignal,
): Promise<boolean> {
  return await confirmObject(to.store, key, bytes, sha256, { read: to.store.kind === 'dir', signal }).then(
    () => true,
    () => false,
  );
}

function assertSameRepository(from: RepositoryCopy, to: RepositoryCopy): void {
  if (from.repositoryId === to.repositoryId) return;
  throw new HoldfastError('repository_format', 'the stores hold different repositories', { where: to.store.location });
}
