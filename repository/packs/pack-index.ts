import { z } from 'zod';
import type { StoredSlice } from '../../domain/tree';
import { storedSliceSchema } from '../schemas/tree';

/** Which pack an object is. What is sealed is bound to it: no pack can stand in for another. */
export interface PackRef {
  backupId: string;
  component: string;
  pack: number;
}

export function packContext({ backupId, component, pack }: PackRef): string {
  return `pack/${backupId}/${component}/${pack}`;
}

/** A pack's own index: its last frame. A retry reads it instead of reading the source again. */
export interface PackIndex {
  slices: StoredSlice[];
  /** Of each slice: the keyed hashes of its stored blocks one after another, in base64. Absent in packs of before these were kept. */
  hashes?: string[];
  /** Payload bytes of each data frame. */
  frames: number[];
  /** Bytes of source. */
  bytes: number;
  contentMac: string;
  /** SHA-256 (hex) of everything before this frame. */
  bodySha256: string;
}

export const packIndexSchema: z.ZodType<PackIndex> = z.looseObject({
  slices: z.array(storedSliceSchema),
  hashes: z.array(z.string()).optional(),
  frames: z.array(z.int().nonnegative()),
  bytes: z.int().nonnegative(),
  contentMac: z.string(),
  bodySha256: z.string(),
});

/** Plaintext of the index at the most: a pack of empty files only, with long names. */
export const indexLimit = 256 * 1024 * 1024;
