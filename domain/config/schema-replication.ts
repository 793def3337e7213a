/** Copies in other stores: which stores are regions, what a tier wants copied, and by when. */
import { z } from 'zod';
import { duration, name, names, rate } from './schema-values';

const fourHours = 4 * 3_600_000;

/** Of every store. */
export const storeCopying = {
  role: name
    .optional()
    .describe(
      'what the store is for: secondary, dr, apac or any other name, which several may share; it gets copies only, unless it is named',
    ),
  bandwidthLimit: rate.optional().describe('of copies into the store; absent: unlimited'),
};

export const tierCopies = z
  .strictObject({
    to: names.describe('stores that get a copy after the backup counts'),
    success: z
      .union([z.literal('all'), z.int().min(1)], 'expected all, or how many of the stores are enough')
      .default('all')
      .describe('how many of the stores must hold the copy for the copying to have succeeded'),
    within: duration.optional().describe('how soon after the backup; absent: replication.within'),
  })
  .describe('copies that do not keep the backup from counting');

export const replication = z
  .strictObject({
    within: duration.default(fourHours).describe('how old a backup may be without its copies'),
  })
  .prefault({});
