/**
 * Plans and indexes of packs. A backup of one component is a list of runs; a run is a list of packs (one activity stores or
 * places one run); a pack is a list of slices. Plans and indexes live in the store, one object a run, never in a history.
 */
import type { Slice, StoredSlice, TreeEntry } from './tree';

/** Source bytes in a pack at the most, and in one frame (the unit of compression, encryption and ranged reads). */
export const packBytes = 32 * 1024 * 1024;
export const frameBytes = 1024 * 1024;

/** Zstandard level where nothing else is said; chosen by measuring (docs/benchmarks.md). */
export const defaultLevel = 1;

export interface PlannedPack {
  /** Counts from 0 within the component, the same in every generation of a backup. */
  pack: number;
  slices: Slice[];
}

/** The plan of one run; object `backups/<id>/plan/<component>/<generation>/<attempt>/<run>`. */
export interface RunPlan {
  run: number;
  /** Entries that belong to this run: directories and links too. Each entry of the component is in exactly one run. */
  entries: TreeEntry[];
  packs: PlannedPack[];
}

export interface StoredPack {
  pack: number;
  /** Object key in the store. */
  object: string;
  /** Bytes and SHA-256 (hex) of the stored object. */
  storedBytes: number;
  sha256: string;
  /** Bytes of source. */
  bytes: number;
  /** HMAC-SHA256 under the repository's key over the slices' SHA-256: "the same bytes" without telling which. */
  contentMac: string;
  slices: StoredSlice[];
}

/** What was stored of one run; object `backups/<id>/index/<component>/<generation>/<run>`. */
export interface RunIndex {
  run: number;
  generation: number;
  entries: TreeEntry[];
  packs: StoredPack[];
}

export interface PlanSummary {
  runs: number;
  packs: number;
  files: number;
  bytes: number;
  /** Runs from this number on are stored after all the others, one after another (PostgreSQL: `pg_control` last). */
  lastFrom: number;
  /** Sockets, devices and whatever else cannot be backed up: named, never silently left out. */
  skipped: { path: string; reason: string }[];
}
