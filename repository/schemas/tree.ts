/** What of `domain/tree.ts` is read back from a store. Unknown keys are kept: a later release may have written them. */
import { z } from 'zod';
import type { FileStamp, ReadCheck, Slice, StoredSlice, TreeEntry, TreePath } from '../../domain/tree';

const natural = z.int().nonnegative();
const digits = z.string().regex(/^-?\d+$/);

export const treePathSchema: z.ZodType<TreePath> = z.union([z.string(), z.strictObject({ b64: z.base64() })]);

const stamp = { size: natural, ino: digits, mtimeNs: digits, ctimeNs: digits };
export const fileStampSchema: z.ZodType<FileStamp> = z.looseObject(stamp);

const extentsSchema = z.array(z.looseObject({ offset: natural, length: natural }));

export const treeEntrySchema: z.ZodType<TreeEntry> = z.looseObject({
  ...stamp,
  root: z.string(),
  path: treePathSchema,
  type: z.enum(['file', 'directory', 'symlink', 'hardlink', 'fifo']),
  mode: natural.max(0o7777),
  uid: natural,
  gid: natural,
  user: z.string().optional(),
  group: z.string().optional(),
  target: treePathSchema.optional(),
  xattrs: z.record(z.string(), z.base64()).optional(),
  extents: extentsSchema.optional(),
  inherits: z.literal(true).optional(),
});

const readCheckSchema: z.ZodType<ReadCheck> = z.discriminatedUnion('kind', [
  z.looseObject({ kind: z.literal('none') }),
  z.looseObject({
    kind: z.literal('postgres-pages'),
    pageSize: natural,
    firstBlock: natural,
    startLsn: z.string(),
  }),
  z.looseObject({ kind: z.literal('postgres-control') }),
]);

export const sliceSchema: z.ZodType<Slice> = z.looseObject({
  root: z.string(),
  path: treePathSchema,
  offset: natural,
  length: natural,
  stamp: fileStampSchema,
  check: readCheckSchema.optional(),
  mayChange: z.boolean(),
  extents: extentsSchema.optional(),
  basis: z
    .array(z.looseObject({ link: natural, pack: natural, object: z.string(), slice: natural, until: natural }))
    .optional(),
});

export const storedSliceSchema: z.ZodType<StoredSlice> = z.looseObject({
  root: z.string(),
  path: treePathSchema,
  offset: natural,
  length: natural,
  extents: extentsSchema.optional(),
  span: natural.optional(),
  at: natural,
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  crc32c: natural,
  stamp: fileStampSchema.optional(),
  outcome: z.enum(['ok', 'changed', 'vanished', 'shrunk']),
  badBlocks: z.array(natural).optional(),
});
