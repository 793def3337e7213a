/**
 * The form of `holdfast.yaml`. What it guarantees: every key is known and every value has its form. What it does not: that
 * names refer to something (`references.ts`) and that anything named exists (`client/doctor`).
 */
import { z } from 'zod';
import { componentSchema } from './schema-components';
import { notificationsSchema, notify } from './schema-notifications';
import { replication, tierCopies } from './schema-replication';
import { keep, retention, retentionClass, strategy } from './schema-retention';
import { cron, jitter, maintenance, priority, timezone } from './schema-schedules';
import { serviceSchema } from './schema-services';
import { immutableSchema, moveSchema } from './schema-storage';
import { storeSchema } from './schema-stores';
import {
  duration,
  filePath,
  listenAddress,
  name,
  nameMap,
  names,
  objectives,
  port,
  secret,
  size,
} from './schema-values';
import { verificationSchema } from './schema-verification';
import { tierTypes } from './types';

const temporal = z.strictObject({
  address: port.describe('host:port of the Temporal server'),
  namespace: z.string().min(1).default('default'),
  tls: z
    .union([
      z.boolean(),
      z.strictObject({
        serverName: z.string().optional(),
        ca: filePath.optional(),
        cert: filePath.optional(),
        key: filePath.optional(),
      }),
    ])
    .optional(),
  apiKey: secret.optional(),
});

const site = z.strictObject({
  components: nameMap(componentSchema).describe('what is protected, by name'),
  services: nameMap(serviceSchema)
    .default({})
    .describe('what is stopped before a restore and started after it, by name'),
});

const spoolAtLeast = 64 * 2 ** 20;

const shortestPace = 10_000;
const pace = duration.refine((ms) => ms >= shortestPace, 'expected at least 10s');

const tier = z.strictObject({
  schedule: cron.optional().describe('cron of five fields, by the clock of `timezone`'),
  every: pace.optional().describe('instead of a schedule: from one beginning to the next'),
  type: z
    .enum(tierTypes)
    .default('full')
    .describe(
      'point: a recovery point across the components, of the databases by name and of the files by what changed',
    ),
  timeout: pace.optional().describe('how long one may take; a recovery point without it: until the next is due'),
  to: names.optional().describe('names of stores; absent: every store without a role'),
  copies: tierCopies.optional(),
  keep: keep.optional().describe('each rule keeps what it names; what none keeps goes'),
  strategy,
  retentionClass,
  notify,
  verify: z.enum(['quick', 'full']).default('quick'),
  immutable: immutableSchema.optional().describe('locked in every store that the tier goes to'),
  move: moveSchema.optional().describe('down to another store or class, by age'),
  components: names.optional(),
  priority,
  jitter: jitter.optional(),
});

const restore = z.strictObject({
  order: names.optional().describe('components in the order they are restored'),
  spool: size
    .refine((bytes) => bytes >= spoolAtLeast, 'expected at least 64MiB')
    .optional()
    .describe('WAL that may lie beside the target of a restore; absent: half of the space that the data leaves free'),
});

const escrow = z
  .strictObject({
    keyFile: filePath.optional(),
    fingerprint: z
      .string()
      .regex(/^[0-9a-f]{16}$/, 'expected 16 hex digits, as `holdfast key list` shows them')
      .optional(),
  })
  .refine(
    (one) => (one.keyFile === undefined) !== (one.fingerprint === undefined),
    'expected either keyFile or fingerprint',
  );

export const configSchema = z.strictObject({
  system: name.describe('begins the id of every backup'),
  temporal: temporal.optional().describe('absent: the embedded engine'),
  sites: nameMap(site).refine((sites) => Object.keys(sites).length > 0, 'expected at least one site'),
  stores: nameMap(storeSchema).optional().describe('where backups live; absent: BACKUP_ROOT and S3_BUCKET'),
  encryption: z
    .strictObject({
      keyFile: filePath.optional(),
      kms: z.string().min(1).optional().describe('id, ARN or alias of a key of AWS KMS'),
      escrow: escrow.optional().describe('a further key, kept far from here, that opens every backup too'),
    })
    .refine((one) => (one.keyFile === undefined) !== (one.kms === undefined), 'expected either keyFile or kms')
    .optional(),
  objectives: objectives.optional().describe('of every component that has none of its own'),
  metrics: z
    .strictObject({ address: listenAddress.describe('host:port where `up` and `worker` answer Prometheus') })
    .optional()
    .describe('absent: no metrics are served'),
  tiers: nameMap(tier).default({}),
  replication,
  retention: retention.describe('what stays, whatever the tiers say, and how carefully the rest goes'),
  notifications: notificationsSchema.optional().describe('absent: nobody is told'),
  timezone,
  maintenance,
  restore: restore.optional(),
  verification: verificationSchema.prefault({}),
  parallelJobs: z.int().min(1).max(64).default(2),
  maxChain: z
    .int()
    .min(1)
    .max(1000)
    .default(64)
    .describe('backups in a chain at the most, the full one among them; the next one is full'),
  compression: z.strictObject({ level: z.int().min(1).max(19) }).optional(),
});

export type ConfigInput = z.input<typeof configSchema>;
export type ParsedConfig = z.output<typeof configSchema>;
