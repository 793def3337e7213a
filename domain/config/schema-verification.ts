/** How backups are proved: what a sample takes, how thoroughly, and when a proof is too old. */
import { z } from 'zod';
import { proofLevels } from '../backup';
import { samplingRules } from '../verification/policy';
import { duration, filePath, names } from './schema-values';

const day = 24 * 3600_000;

export const verificationSchema = z.strictObject({
  sample: z
    .array(z.enum(samplingRules))
    .min(1, 'expected at least one rule')
    .refine((list) => new Set(list).size === list.length, 'expected each rule once')
    .default([...samplingRules])
    .describe('what each run of the sampling takes'),
  level: z.enum(proofLevels).default('full').describe('how thoroughly a sample is verified'),
  stale: duration.default(7 * day).describe('a proof that is older alarms'),
  repair: z.boolean().default(false).describe('repair damage from another copy without being asked'),
  scratch: filePath.optional().describe('where test restores lie while they run; absent: $TMPDIR, else /var/tmp'),
  limit: duration.default(day).describe('how long one test restore may take'),
  trust: names
    .optional()
    .describe('stores whose own checksums a quick verification believes; absent: those at Amazon S3 itself'),
});
