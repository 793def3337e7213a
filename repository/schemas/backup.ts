import { z } from 'zod';
import {
  type BackupHead,
  type ComponentSummary,
  type DatabaseSpan,
  type FilesFacts,
  lockModes,
  type PointMark,
  type PostgresFacts,
  type Proof,
  proofLevels,
  type Receipt,
  type SealedComponent,
  type SealedManifest,
} from '../../domain/backup';
import { sha256Schema } from './pack';
import { treePathSchema } from './tree';

const natural = z.int().nonnegative();
const typeSchema = z.enum(['full', 'differential', 'incremental']);
const kindSchema = z.enum(['postgres', 'files']);
const errorSchema = z.looseObject({ code: z.string(), message: z.string() });

export const markSchema: z.ZodType<PointMark> = z.looseObject({
  systemIdentifier: z.string(),
  timeline: natural,
  lsn: z.string(),
  name: z.string().optional(),
  at: z.string(),
});

const summarySchema: z.ZodType<ComponentSummary> = z.looseObject({
  kind: kindSchema,
  runs: natural,
  packs: natural,
  files: natural,
  bytes: natural,
  storedBytes: natural,
  size: natural.optional(),
  warnings: z.array(z.string()),
});

const spanSchema: z.ZodType<DatabaseSpan> = z.looseObject({
  systemIdentifier: z.string(),
  timeline: natural,
  startLsn: z.string(),
  stopLsn: z.string(),
});

const proofSchema: z.ZodType<Proof> = z.looseObject({
  level: z.enum(proofLevels),
  at: z.string(),
  seconds: z.number(),
  outcome: z.enum(['passed', 'warning', 'failed']),
  alone: z.literal(true).optional(),
  findings: z.array(z.string()).optional(),
});

export const backupHeadSchema: z.ZodType<BackupHead> = z.looseObject({
  id: z.string(),
  system: z.string(),
  site: z.string(),
  tier: z.string().optional(),
  type: typeSchema,
  status: z.enum(['creating', 'completed', 'failed', 'expired']),
  startedAt: z.string(),
  endedAt: z.string().optional(),
  seconds: z.number().optional(),
  components: z.record(z.string(), summarySchema),
  bytes: natural,
  storedBytes: natural,
  checksum: sha256Schema.optional(),
  manifestSha256: sha256Schema.optional(),
  stores: z.array(z.string()),
  location: z.string(),
  verifiedAt: z.string().optional(),
  provenAt: z.string().optional(),
  error: errorSchema.optional(),
  chain: z.array(z.string()).optional(),
  marks: z.record(z.string(), markSchema).optional(),
  expiredAt: z.string().optional(),
  moved: z.looseObject({ to: z.string(), at: z.string() }).optional(),
  archived: z.looseObject({ at: z.string() }).optional(),
  storedAt: z.string().optional(),
  databases: z.record(z.string(), spanSchema).optional(),
  proofs: z.array(proofSchema).optional(),
  storageClass: z.string().optional(),
  movingTo: z.string().optional(),
  lock: z.looseObject({ mode: z.enum(lockModes), until: z.string() }).optional(),
});

const postgresSchema: z.ZodType<PostgresFacts> = z.looseObject({
  systemIdentifier: z.string(),
  versionNum: natural,
  timeline: natural,
  startLsn: z.string(),
  stopLsn: z.string(),
  startTime: z.string(),
  stopTime: z.string(),
  segmentSize: natural,
  pageSize: natural,
  relationSegmentBlocks: natural,
  dataChecksums: z.boolean(),
  backupLabel: z.string(),
  tablespaceMap: z.string(),
  tablespaces: z.array(z.looseObject({ oid: z.string(), location: z.string() })),
  dataDir: z.string(),
  owner: z.looseObject({ user: z.string(), uid: natural, gid: natural }),
  configFiles: z.array(z.looseObject({ path: z.string(), contents: z.string() })),
  settings: z.record(z.string(), z.string()),
});

const filesSchema: z.ZodType<FilesFacts> = z.looseObject({ paths: z.array(treePathSchema) });

const componentSchema: z.ZodType<SealedComponent> = z.looseObject({
  kind: kindSchema,
  indexes: z.array(z.looseObject({ key: z.string(), sha256: sha256Schema, bytes: natural })),
  summary: summarySchema,
  openedAt: z.string().optional(),
  postgres: postgresSchema.optional(),
  files: filesSchema.optional(),
});

export const sealedManifestSchema: z.ZodType<SealedManifest> = z.looseObject({
  format: z.union([z.literal(1), z.literal(2)]),
  backupId: z.string(),
  system: z.string(),
  site: z.string(),
  type: typeSchema,
  tier: z.string().optional(),
  startedAt: z.string(),
  endedAt: z.string(),
  components: z.record(z.string(), componentSchema),
  chain: z.array(z.looseObject({ backupId: z.string(), manifestSha256: sha256Schema })).optional(),
  marks: z.record(z.string(), markSchema).optional(),
});

/** The chain's part is checked; the rest of a receipt is evidence for people and is kept as it is. */
export const receiptSchema: z.ZodType<Receipt> = z.looseObject({
  receipt_version: z.literal('1.0'),
  backup_id: z.string(),
  timestamp: z.string(),
  backup_type: z.string(),
  git_sha: z.string().nullable(),
  image_digest: z.string().nullable(),
  hostname: z.string(),
  service: z.string(),
  exit_code: z.int(),
  checksum_hash: z.string().nullable(),
  backup_path: z.string(),
  holdfast: z.looseObject({
    procedure: z.string(),
    workflowId: z.string(),
    runId: z.string(),
    status: z.enum(['completed', 'failed', 'aborted']),
    startedAt: z.string(),
    endedAt: z.string(),
    steps: z.array(
      z.looseObject({
        title: z.string(),
        startedAt: z.string(),
        seconds: z.number(),
        outcome: z.enum(['completed', 'failed', 'aborted', 'undone', 'undo failed']),
      }),
    ),
    warnings: z.array(z.string()),
    bytes: natural.optional(),
    storedBytes: natural.optional(),
    walBytes: natural.optional(),
    recoveryPoint: z.string().optional(),
    error: z.looseObject({ code: z.string(), message: z.string(), where: z.string().optional() }).optional(),
    sequence: natural,
    previous: sha256Schema,
  }),
});
