import { z } from 'zod';
import type { PlannedPack, RunIndex, RunPlan, StoredPack } from '../../domain/pack';
import { sliceSchema, storedSliceSchema, treeEntrySchema } from './tree';

const natural = z.int().nonnegative();
export const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);

const plannedPackSchema: z.ZodType<PlannedPack> = z.looseObject({ pack: natural, slices: z.array(sliceSchema) });

export const runPlanSchema: z.ZodType<RunPlan> = z.looseObject({
  run: natural,
  entries: z.array(treeEntrySchema),
  packs: z.array(plannedPackSchema),
});

export const storedPackSchema: z.ZodType<StoredPack> = z.looseObject({
  pack: natural,
  object: z.string(),
  storedBytes: natural,
  sha256: sha256Schema,
  bytes: natural,
  contentMac: z.string(),
  slices: z.array(storedSliceSchema),
});

export const runIndexSchema: z.ZodType<RunIndex> = z.looseObject({
  run: natural,
  generation: natural,
  entries: z.array(treeEntrySchema),
  packs: z.array(storedPackSchema),
});
