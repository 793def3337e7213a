/** What is protected. */
import { z } from 'zod';
import { connection, duration, filePath, names, objectives, rate } from './schema-values';
import { referenceExample } from './secret-reference';
import { walModes, walSources } from './types';

const wal = z.strictObject({
  source: z
    .enum(walSources)
    .default('slot')
    .describe("how WAL comes: received from a replication slot, or pushed by the server's archive_command"),
  mode: z.enum(walModes).default('async').describe('whether commits wait until the stores have them'),
  to: names.optional().describe('names of stores; absent: every store without a role'),
  quorum: z.int().min(1).optional().describe('how many of these stores must have WAL before it counts; absent: all'),
  interval: duration.default(500).describe('mode async: how long WAL may gather before it is sent'),
  bandwidthLimit: rate.optional().describe('of all that is sent for this component'),
  retries: z.int().min(0).default(3).describe('of a request to a store, before the store counts as failing'),
  retryDelay: duration.default(1000),
  syncThreshold: duration.default(100).describe('mode hybrid: how long a commit may wait for the stores'),
});

const ownObjectives = objectives.optional().describe('go before those of the system');

const postgres = z
  .strictObject({
    kind: z.literal('postgres'),
    connection: connection.describe(`libpq keywords or URI; a password only as ${referenceExample}`),
    method: z
      .enum(['files', 'stream'])
      .default('files')
      .describe('how it is read: its files, on its own host; or all of it over the connection'),
    dataDir: filePath.optional().describe('where its files lie on this host; for method stream only where they do'),
    wal: wal.prefault({}),
    objectives: ownObjectives,
    probes: z.array(z.string().min(1)).default([]).describe('SQL that proves a restored database'),
  })
  .refine(({ method, dataDir }) => method === 'stream' || dataDir !== undefined, {
    path: ['dataDir'],
    message: 'missing: expected the path of the data directory, or `method: stream` where it is on another host',
  });

const files = z.strictObject({
  kind: z.literal('files'),
  paths: z.array(filePath).min(1, 'expected at least one path'),
  objectives: ownObjectives,
  probes: z.array(filePath).default([]).describe('paths that must be there after a restore'),
});

export const componentSchema = z.discriminatedUnion('kind', [postgres, files]);
