/**
 * Fills what a configuration leaves open: from the environment where that speaks (`BACKUP_ROOT`, `BACKUP_RETENTION_DAYS`,
 * `S3_BUCKET`, `S3_REGION`, `UPLOAD_ENABLED`, `ENCRYPT_KEY_FILE`), else with the defaults, and says what it filled.
 */
import { resolve } from 'node:path';
import { defaultLevel } from '../pack';
import { trustedByDefault } from '../verification/policy';
import { copiesProblems, ownStores } from './copies';
import type { ConfigPath, Problem } from './problems';
import type { ParsedConfig } from './schema';
import { notificationsOf } from './schema-notifications';
import { classOf, storageProblems, thawOf } from './schema-storage';
import { storeMoveProblems } from './store-moves';
import { storePlaceProblems } from './store-places';
import { tierOf, tierProblems } from './tiers';
import type { Config, EncryptionConfig, FilledDefault, StoreConfig, TierConfig, WalConfig } from './types';

export type Environment = Record<string, string | undefined>;

export interface Completed {
  config: Config;
  filled: FilledDefault[];
  problems: Problem[];
}

const defaultRoot = '/var/lib/erlmcp/backups';

/** @param base folder of the configuration file: relative paths in it are meant from there */
export function completeConfig(parsed: ParsedConfig, environment: Environment, base: string): Completed {
  const filled: FilledDefault[] = [];
  const problems: Problem[] = [];
  const fill = (setting: string, variable: string, fallback: string): string => {
    const value = environment[variable];
    const set = value !== undefined && value !== '';
    filled.push({
      setting,
      value: set ? value : fallback,
      source: set ? 'environment' : 'default',
      ...(set && { variable }),
    });
    return set ? value : fallback;
  };
  const at = (path: string): string => resolve(base, path);
  const refuse = (variable: string, expected: string): void => {
    problems.push({ path: [variable], message: `environment variable ${variable}: expected ${expected}` });
  };

  const stores: Record<string, StoreConfig> = {};
  for (const [name, store] of Object.entries(parsed.stores ?? storesOfEnvironment(environment))) {
    if (store.kind === 'dir') {
      const path = at(store.path ?? fill(`stores.${name}.path`, 'BACKUP_ROOT', defaultRoot));
      stores[name] = { ...store, path };
      continue;
    }
    const bucket = store.bucket ?? fill(`stores.${name}.bucket`, 'S3_BUCKET', '');
    if (bucket === '')
      problems.push({ path: ['stores', name], message: 'missing bucket: expected it here or in S3_BUCKET' });
    const region = store.region ?? fill(`stores.${name}.region`, 'S3_REGION', 'us-east-1');
    const storageClass = classOf(store);
    stores[name] = {
      ...{ ...store, bucket, region, thaw: thawOf(store.thaw) },
      ...(store.prefix && { prefix: store.prefix.replace(/\/$/, '') }),
      ...(storageClass && { storageClass }),
    };
  }
  problems.push(...storePlaceProblems(stores));
  const everyStore = ownStores(stores);

  const days = fill('retentionDays', 'BACKUP_RETENTION_DAYS', '30');
  if (!/^[1-9]\d{0,5}$/.test(days)) refuse('BACKUP_RETENTION_DAYS', 'a number of days');
  const upload = fill('upload', 'UPLOAD_ENABLED', 'true').toLowerCase();
  if (!truth.has(upload)) refuse('UPLOAD_ENABLED', 'true or false');
  const retentionDays = Number(days);

  const tiers: Record<string, TierConfig> = {};
  for (const [name, tier] of Object.entries(parsed.tiers)) {
    const copiedWithin = parsed.replication.within;
    const completed = tierOf(tier, { everyStore, stores, retentionDays, copiedWithin });
    problems.push(...tierProblems(name, tier), ...copiesProblems(name, tier, everyStore));
    problems.push(...storageProblems(name, completed, stores), ...storeMoveProblems(name, tier, completed, stores));
    tiers[name] = completed;
  }

  const config: Config = {
    system: parsed.system,
    ...(parsed.temporal && { temporal: { ...parsed.temporal, tls: absoluteTls(parsed.temporal.tls, at) } }),
    sites: sitesOf(parsed, everyStore, at, problems),
    stores,
    encryption: encryptionOf(parsed, environment, filled, at),
    objectives: parsed.objectives,
    ...(parsed.metrics && { metrics: parsed.metrics }),
    tiers,
    replication: parsed.replication,
    retention: parsed.retention,
    ...notificationsOf(parsed.notifications, at),
    timezone: parsed.timezone,
    maintenance: parsed.maintenance,
    restoreOrder: parsed.restore?.order ?? [],
    ...(parsed.restore?.spool === undefined ? {} : { spoolBytes: parsed.restore.spool }),
    parallelJobs: parsed.parallelJobs,
    maxChain: parsed.maxChain,
    compression: { level: parsed.compression?.level ?? defaultLevel },
    verification: {
      ...parsed.verification,
      scratch: at(parsed.verification.scratch ?? fill('verification.scratch', 'TMPDIR', '/var/tmp')),
      trust: parsed.verification.trust ?? trustedByDefault(stores),
    },
    retentionDays,
    upload: truth.get(upload) ?? true,
  };
  return { config, filled, problems };
}

const truth = new Map([
  ['true', true],
  ['1', true],
  ['yes', true],
  ['false', false],
  ['0', false],
  ['no', false],
]);

type Stores = NonNullable<ParsedConfig['stores']>;

function storesOfEnvironment(environment: Environment): Stores {
  return { local: { kind: 'dir' }, ...(environment.S3_BUCKET ? { remote: { kind: 's3' as const } } : {}) };
}

function sitesOf(
  parsed: ParsedConfig,
  everyStore: string[],
  at: (path: string) => string,
  problems: Problem[],
): Config['sites'] {
  const sites: Config['sites'] = {};
  for (const [name, site] of Object.entries(parsed.sites)) {
    const components: Config['sites'][string]['components'] = {};
    for (const [key, one] of Object.entries(site.components)) {
      if (one.kind === 'postgres')
        problems.push(...walProblems(one.wal, everyStore, ['sites', name, 'components', key]));
      components[key] =
        one.kind === 'postgres'
          ? { ...one, ...(one.dataDir && { dataDir: at(one.dataDir) }), wal: walOf(one.wal, everyStore) }
          : { ...one, paths: one.paths.map(at), probes: one.probes.map(at) };
    }
    const services: Config['sites'][string]['services'] = {};
    for (const [key, one] of Object.entries(site.services)) {
      if (one.control === 'pgctl') {
        services[key] = {
          ...one,
          dataDir: at(one.dataDir),
          ...(one.binDir && { binDir: at(one.binDir) }),
          ...(one.logFile && { logFile: at(one.logFile) }),
        };
      } else services[key] = one.control === 'compose' && one.file ? { ...one, file: at(one.file) } : one;
    }
    sites[name] = { components, services };
  }
  return sites;
}

type ParsedWal = Extract<ParsedConfig['sites'][string]['components'][string], { kind: 'postgres' }>['wal'];

function walOf(wal: ParsedWal, everyStore: string[]): WalConfig {
  const to = wal.to ?? everyStore;
  // What the server pushes is acknowledged when every store has it.
  const quorum = wal.source === 'command' ? to.length : (wal.quorum ?? to.length);
  return { ...wal, to, quorum };
}

function walProblems({ source, mode, to, quorum = 1 }: ParsedWal, everyStore: string[], at: ConfigPath): Problem[] {
  const problems: Problem[] = [];
  const stores = (to ?? everyStore).length;
  if (quorum > stores)
    problems.push({ path: [...at, 'wal', 'quorum'], message: `expected at most ${stores}, the number of stores` });
  // An archive_command is called when a segment is full: no commit can wait for it.
  if (source === 'command' && mode !== 'async')
    problems.push({
      path: [...at, 'wal', 'mode'],
      message: 'expected async, since the server pushes its WAL (source: command)',
    });
  return problems;
}

function encryptionOf(
  parsed: ParsedConfig,
  environment: Environment,
  filled: FilledDefault[],
  at: (path: string) => string,
): EncryptionConfig | undefined {
  const escrow = escrowOf(parsed, at);
  if (parsed.encryption?.kms !== undefined) return { kms: parsed.encryption.kms, ...escrow };
  if (parsed.encryption?.keyFile !== undefined) return { keyFile: at(parsed.encryption.keyFile), ...escrow };
  const variable = 'ENCRYPT_KEY_FILE';
  const value = environment[variable];
  if (!value) return undefined;
  filled.push({ setting: 'encryption.keyFile', value, source: 'environment', variable });
  return { keyFile: at(value) };
}

function escrowOf({ encryption }: ParsedConfig, at: (path: string) => string): Pick<EncryptionConfig, 'escrow'> {
  const { keyFile, fingerprint } = encryption?.escrow ?? {};
  if (keyFile !== undefined) return { escrow: { keyFile: at(keyFile) } };
  return fingerprint === undefined ? {} : { escrow: { fingerprint } };
}

type Tls = NonNullable<ParsedConfig['temporal']>['tls'];

function absoluteTls(tls: Tls, at: (path: string) => string): Tls {
  if (typeof tls !== 'object') return tls;
  const { ca, cert, key } = tls;
  return { ...tls, ...(ca && { ca: at(ca) }), ...(cert && { cert: at(cert) }), ...(key && { key: at(key) }) };
}
