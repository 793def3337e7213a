/** Where backups live. */
import { z } from 'zod';
import { storeCopying } from './schema-replication';
import { levelSchema, thawSchema } from './schema-storage';
import { filePath, secret } from './schema-values';
import { storageClasses } from './types';

const dir = z.strictObject({
  kind: z.literal('dir'),
  path: filePath.optional().describe('absent: $BACKUP_ROOT'),
  ...storeCopying,
  level: levelSchema.optional(),
});

const s3 = z.strictObject({
  kind: z.literal('s3'),
  bucket: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'expected the name of a bucket')
    .optional()
    .describe('absent: $S3_BUCKET'),
  region: z.string().min(1).optional().describe('absent: $S3_REGION, else us-east-1'),
  endpoint: z
    .string()
    .regex(/^https?:\/\/[^\s/]+(?:\/\S*)?$/, 'expected an address such as https://s3.example.com:9000')
    .optional()
    .describe('for services other than AWS'),
  prefix: z
    .string()
    .regex(/^[A-Za-z0-9._=-]+(?:\/[A-Za-z0-9._=-]+)*\/?$/, 'expected a key prefix such as backups/prod')
    .optional(),
  storageClass: z.enum(storageClasses).optional().describe('of packs; what is small stays in the standard class'),
  level: levelSchema.optional(),
  thaw: thawSchema.optional().describe('of what lies in GLACIER or DEEP_ARCHIVE'),
  accessKeyId: secret.optional().describe('absent: the AWS default chain'),
  secretAccessKey: secret.optional(),
  ...storeCopying,
});

export const storeSchema = z.discriminatedUnion('kind', [dir, s3]);
