/** What goes to a worker thread and comes back: plain data only, since it crosses as a structured clone. */

import type { RootDirs } from '../../components/tree/read';
import type { SliceParts } from '../../domain/chain-placing';
import type { ErrorReport } from '../../domain/errors';
import type { StoredPack } from '../../domain/pack';
import type { LaidStretch } from '../../domain/put-together';
import type { StoredSlice, TreeEntry } from '../../domain/tree';
import type { OpenOptions } from '../../repository/crypto/unseal';
import type { BuiltPack, PackSource } from '../../repository/packs/build';
import type { PackRef } from '../../repository/packs/pack-index';

export interface BuildTask extends PackSource {
  /** Where the slices' roots lie on this host. */
  dirs: RootDirs;
}

/** A pack that was fetched, and what the run's index says it is. */
export interface OpenTask extends PackRef {
  dataKey: Uint8Array;
  expected: Omit<StoredPack, 'pack'>;
  /** The stored bytes. Shared memory is read where it is; other memory is handed over, and the sender must not use it again. */
  object: Uint8Array;
}

export interface VerifyTask extends OpenTask {
  /** Of these slices alone (positions in `expected.slices`); absent: of all. */
  only?: number[];
}

export interface VerifiedPack {
  /** Its bytes are not those that were written, and yet all that was asked for is right. */
  beside: boolean;
}

export interface PlaceTask extends OpenTask {
  dirs: RootDirs;
  /** Places only these (positions in `expected.slices`); absent: all. */
  only?: number[];
  /** Of these slices only these stretches of the file; null or absent: all that the slice holds. */
  parts?: SliceParts;
}

/** Lays bytes of a pack where a new one wants them. */
export interface LayTask extends OpenTask {
  parts: LaidStretch[];
  memory: SharedArrayBuffer;
}

/** A pack whose slices lie one after another in memory. */
export interface BuildLaidTask extends PackSource {
  memory: SharedArrayBuffer;
}

export interface PlaceOutcome {
  slices: number;
  bytes: number;
}

export interface CompareTask {
  dirs: RootDirs;
  slices: StoredSlice[];
}

export interface ChecksumTask {
  dirs: RootDirs;
  entry: Pick<TreeEntry, 'root' | 'path'>;
}

/** A sealed object that is small enough to be held whole. The object is handed over. */
export interface OpenSealedTask extends OpenOptions {
  object: Uint8Array;
}

/** Name of each function of the thread, what it takes and what it gives. */
export interface ThreadFunctions {
  buildPack: { task: BuildTask; result: BuiltPack };
  buildLaidPack: { task: BuildLaidTask; result: BuiltPack };
  layParts: { task: LayTask; result: undefined };
  placePack: { task: PlaceTask; result: PlaceOutcome };
  verifyPack: { task: VerifyTask; result: VerifiedPack };
  hashBytes: { task: { bytes: Uint8Array }; result: string };
  checksumFile: { task: ChecksumTask; result: { size: number; crc32c: number } | undefined };
  compareSlices: { task: CompareTask; result: boolean[] };
  openSealed: { task: OpenSealedTask; result: Uint8Array };
}

/** Errors lose their code in a structured clone: they cross as reports. */
export type Answer<T> = { value: T } | { error: ErrorReport };
