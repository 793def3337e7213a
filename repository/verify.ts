/**
 * Verifying a backup from the store alone. Presence: every stored object is there and as long as it was. Quick: it has the bytes that were written. Full:
 * besides, every pack is decrypted and decompressed and every slice compared; the work on a pack is the caller's to place
 * (a worker thread).
 */
import type { BackupHead, SealedManifest } from '../domain/backup';
import { reportError } from '../domain/errors';
import type { StoredPack } from '../domain/pack';
import { type StoredSlice, showPath } from '../domain/tree';
import { documentKeys } from './backup-objects';
import type { RepositoryCopy } from './copy';
import { freeNow } from './crypto/free';
import { getDataKey } from './data-key';
import { type DocumentRef, refOf } from './documents';
import { backupFolder, backupKeys } from './names';
import { checkByStore, checkPack, checkPresence, fetchPack } from './packs/store-pack';
import { getRunIndex } from './run-index';
import { getSealedManifest } from './sealed-manifest';

export interface Damage {
  object: string;
  code: string;
  message: string;
  /** Some of the files that a damaged pack holds, and how many there are. */
  files?: { some: string[]; count: number };
}

export interface VerifyOutcome {
  packs: number;
  bytes: number;
  storedBytes: number;
  damaged: Damage[];
  /** Packs with other bytes than were written where nothing lies that was asked for. */
  beside: number;
}

export interface VerifyOptions {
  /** Only asks whether the objects are there. */
  presence?: boolean;
  /** The checksum that the store itself keeps is believed; what it has none of is read. */
  trusted?: boolean;
  /** Full verification of one pack, or of these slices of it, beginning with the SHA-256 of its bytes. Without it that is all that is compared. */
  open?: (object: Buffer, pack: StoredPack, only?: number[]) => Promise<{ beside: boolean }>;
  /** The slices of a pack that are asked for: a pack of which none is, is not read. Absent: all of it is. */
  only?: (pack: StoredPack) => number[];
  /** SHA-256 (hex) by another thread. */
  hash?: (bytes: Buffer) => Promise<string>;
  /** Where the bytes of a pack are to go; `release` gets them back. */
  allocate?: (bytes: number) => Buffer;
  release?: (bytes: Buffer) => void;
  /** Calls the function with each pack; by default one after another. */
  each?: (packs: StoredPack[], verify: (pack: StoredPack) => Promise<void>) => Promise<unknown>;
  signal?: AbortSignal;
  /** After every pack. */
  progress?: (sofar: VerifyOutcome) => void;
}

/** Everything of one run. Damage is reported and does not end it; a store that cannot be reached does. */
export async function verifyRun(
  copy: RepositoryCopy,
  ref: DocumentRef,
  options: VerifyOptions = {},
): Promise<VerifyOutcome> {
  const {
    presence,
    trusted,
    open,
    only,
    hash,
    allocate,
    release = freeNow,
    each = oneByOne,
    signal,
    progress,
  } = options;
  const outcome: VerifyOutcome = { packs: 0, bytes: 0, storedBytes: 0, damaged: [], beside: 0 };
  let packs: StoredPack[] = [];
  await noting(outcome, ref.key, async () => {
    packs = (await getRunIndex(copy, ref)).packs;
  });
  await each(packs, async (pack) => {
    signal?.throwIfAborted();
    const wanted = only?.(pack);
    await noting(
      outcome,
      pack.object,
      async () => {
        if (wanted?.length === 0) return;
        if (presence) return await checkPresence(copy, pack, signal);
        if (trusted && (await checkByStore(copy, pack, signal))) return;
        const object = await fetchPack(copy, pack, { allocate, signal });
        if (open === undefined) await checkPack(copy, pack, object, hash);
        else if ((await open(object, pack, wanted)).beside) outcome.beside += 1;
        release(object); // nothing, where it was handed to a thread
      },
      wanted === undefined ? pack.slices : pack.slices.filter((_, at) => wanted.includes(at)),
    );
    outcome.packs += 1;
    outcome.bytes += pack.bytes;
    outcome.storedBytes += pack.storedBytes;
    progress?.(outcome);
  });
  return outcome;
}

async function oneByOne(packs: StoredPack[], verify: (pack: StoredPack) => Promise<void>): Promise<void> {
  for (const pack of packs) await verify(pack);
}

export interface VerifiedManifest {
  /** Absent when it is itself damaged. */
  manifest?: SealedManifest;
  damaged: Damage[];
}

/** Manifest, data key, `manifest.json` and `checksums.sha256`, against each other and the catalog's head. */
export async function verifyManifest(
  copy: RepositoryCopy,
  head: Pick<BackupHead, 'id' | 'manifestSha256' | 'checksum'>,
): Promise<VerifiedManifest> {
  const outcome: VerifiedManifest = { damaged: [] };
  const { id } = head;
  await noting(outcome, backupKeys.sealed(id), async () => {
    outcome.manifest = await getSealedManifest(copy, head);
  });
  await noting(outcome, backupKeys.dataKey(id), async () => {
    await getDataKey(copy, id);
  });
  let listed = new Map<string, string>();
  await noting(outcome, backupKeys.checksums(id), async () => {
    const body = await copy.store.get(backupKeys.checksums(id));
    const { sha256 } = refOf('', body);
    if (head.checksum !== undefined && sha256 !== head.checksum) note(outcome, backupKeys.checksums(id));
    listed = new Map(
      body
        .toString('utf8')
        .split('\n')
        .map((line) => [line.slice(66), line.slice(0, 64)]),
    );
  });
  for (const key of documentKeys(id)) {
    await noting(outcome, key, async () => {
      const { sha256 } = refOf(key, await copy.store.get(key));
      if (listed.get(key.slice(backupFolder(id).length)) !== sha256) note(outcome, key);
    });
  }
  return outcome;
}

function note(outcome: { damaged: Damage[] }, object: string): void {
  const message = 'the object is not the one that was written';
  if (!outcome.damaged.some((one) => one.object === object)) {
    outcome.damaged.push({ object, code: 'checksum_mismatch', message });
  }
}

const tellsOfDamage = new Set([
  'checksum_mismatch',
  'object_not_found',
  'invalid_backup',
  'backup_unusable',
  'key_wrong',
  'repository_format',
]);

async function noting(
  outcome: { damaged: Damage[] },
  object: string,
  work: () => Promise<void>,
  slices?: StoredSlice[],
): Promise<void> {
  try {
    await work();
  } catch (error) {
    const { code, message } = reportError(error);
    if (!tellsOfDamage.has(code)) throw error;
    if (outcome.damaged.some((one) => one.object === object)) return;
    outcome.damaged.push({ object, code, message, ...(slices && { files: filesIn(slices) }) });
  }
}

const filesNamed = 3;

function filesIn(slices: StoredSlice[]): Damage['files'] {
  const names = new Set(slices.map(({ path }) => showPath(path)));
  return { some: [...names].slice(0, filesNamed), count: names.size };
}
