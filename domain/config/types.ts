/**
 * The configuration as the rest of the program sees it: checked, complete, every path absolute, every duration in
 * milliseconds, every size in bytes. It holds no secret, only references (`${env:NAME}`, `${file:PATH}`) that are resolved
 * where they are used, so that it may travel through logs and histories.
 */
import type { LockMode } from '../backup';
import type { ThawTier } from '../storage';
import type { VerificationConfig } from '../verification/policy';
import type { MoveConfig } from './types-moves';
import type { NotificationsConfig } from './types-notifications';
import type { RetentionClass, RetentionConfig, Strategy, TierKeep } from './types-retention';
import type { MaintenanceConfig, Priority } from './types-schedules';

/** Text that may hold references to secrets: resolve it late, with `resolveSecret`, and never print what comes out. */
export type SecretText = string;
/** Milliseconds. */
export type Milliseconds = number;
/** Bytes per second. */
export type BytesPerSecond = number;

export interface Config {
  system: string;
  /** Absent: the embedded engine. */
  temporal?: TemporalConfig;
  sites: Record<string, SiteConfig>;
  stores: Record<string, StoreConfig>;
  encryption?: EncryptionConfig;
  objectives?: ObjectivesConfig;
  /** Where `up` and `worker` answer Prometheus, host:port; absent: nowhere. */
  metrics?: { address: string };
  tiers: Record<string, TierConfig>;
  /** How old a backup may be without the copies that its tier wants. */
  replication: { within: Milliseconds };
  retention: RetentionConfig;
  notifications?: NotificationsConfig;
  /** IANA; schedules are meant by its clock. */
  timezone: string;
  maintenance: MaintenanceConfig;
  /** Components in the order they are restored; those not named follow in the order of the configuration. */
  restoreOrder: string[];
  /** Bytes of WAL that may lie beside a restore's target; absent: a share of the free space. */
  spoolBytes?: number;
  /** Runs of packs stored or placed at the same time. */
  parallelJobs: number;
  /** Backups in a chain at the most, the full one among them. */
  maxChain: number;
  compression: { level: number };
  verification: VerificationConfig;
  /** Days a backup is kept where no tier says more. */
  retentionDays: number;
  /** false: without being asked, only `dir` stores are written. */
  upload: boolean;
}

/** What is promised: how much work may be lost, and how long a restore may take. */
export interface ObjectivesConfig {
  rpo?: Milliseconds;
  rto?: Milliseconds;
}

export interface TemporalConfig {
  address: string;
  namespace: string;
  /** true: the system's certificates; else absolute paths of PEM files. */
  tls?: boolean | { serverName?: string; ca?: string; cert?: string; key?: string };
  apiKey?: SecretText;
}

export interface SiteConfig {
  components: Record<string, ComponentConfig>;
  services: Record<string, ServiceConfig>;
}

export type ComponentConfig = PostgresComponent | FilesComponent;

export interface PostgresComponent {
  kind: 'postgres';
  /** libpq keyword/value string or URI; a password only by reference. */
  connection: SecretText;
  /** `files`: read on its own host; `stream`: over the connection alone. */
  method: 'files' | 'stream';
  /** Certain for `files`; see `dataDirOf`. */
  dataDir?: string;
  wal: WalConfig;
  /** Each goes before the system's. */
  objectives?: ObjectivesConfig;
  /** SQL statements that prove a restored database: each must run, and not answer false. */
  probes: string[];
}

/** `slot`: our receiver streams it. `command`: the server's `archive_command` calls `holdfast wal push`, a segment at a time. */
export const walSources = ['slot', 'command'] as const;
export type WalSource = (typeof walSources)[number];

/**
 * `async` ships behind the commit; `sync` makes every commit wait until the stores have it; `hybrid` does so for as long as that
 * takes no longer than `syncThreshold`.
 */
export const walModes = ['async', 'sync', 'hybrid'] as const;
export type WalMode = (typeof walModes)[number];

export interface WalConfig {
  source: WalSource;
  mode: WalMode;
  /** Stores that get the WAL; the first is the one a restore asks first. */
  to: string[];
  /** How many of them must hold WAL before it counts as stored. */
  quorum: number;
  /** In mode `async`: how long a byte of WAL may wait before it is sent to the stores. */
  interval: Milliseconds;
  /** Of everything that is sent for the component. Absent: unlimited. */
  bandwidthLimit?: BytesPerSecond;
  /** How often a request is tried again before its store counts as failing; it is tried for ever all the same. */
  retries: number;
  retryDelay: Milliseconds;
  /** In mode `hybrid`: how long a commit may wait for the stores before commits stop waiting. */
  syncThreshold: Milliseconds;
}

export interface FilesComponent {
  kind: 'files';
  paths: string[];
  /** Each goes before the system's, whose recovery point is not promised of files. */
  objectives?: ObjectivesConfig;
  /** Absolute paths that must be there after a restore. */
  probes: string[];
}

interface ServiceBase {
  /** Shell command that exits 0 when the service is healthy. */
  health?: string;
  /** How long the service may take until it is healthy. */
  healthTimeout: Milliseconds;
  /** How long stopping or starting may take. */
  timeout: Milliseconds;
}

export type ServiceConfig = SystemdService | ComposeService | PgctlService | CommandService;

export interface SystemdService extends ServiceBase {
  control: 'systemd';
  unit: string;
}

export interface ComposeService extends ServiceBase {
  control: 'compose';
  service: string;
  /** The compose file; absent: as `docker compose` finds it. */
  file?: string;
  project?: string;
}

export interface PgctlService extends ServiceBase {
  control: 'pgctl';
  dataDir: string;
  /** Where `pg_ctl` is; absent: found by the data directory's major version. */
  binDir?: string;
  /** Passed to the server, as `pg_ctl -o`. */
  options?: string;
  /** The server's log while it is started by us. */
  logFile?: string;
}

export interface CommandService extends ServiceBase {
  control: 'command';
  start: string;
  stop: string;
  /** Exits 0 when running, 3 when stopped (as LSB init scripts), 4 when there is no such service. */
  state: string;
}

export type StoreConfig = DirStoreConfig | S3StoreConfig;

/** hot: local and fast; warm: remote; cold: read seldom; archive: thawed before it is read, and locked. */
export const storageLevels = ['hot', 'warm', 'cold', 'archive'] as const;
export type StorageLevel = (typeof storageLevels)[number];

interface StoreBase {
  /** What the store is for: it then gets copies only, unless it is named. Several may share one. */
  role?: string;
  /** Of copies into the store. Absent: unlimited. */
  bandwidthLimit?: BytesPerSecond;
}

export interface DirStoreConfig extends StoreBase {
  kind: 'dir';
  path: string;
  level?: StorageLevel;
}

export interface S3StoreConfig extends StoreBase {
  kind: 's3';
  bucket: string;
  region: string;
  /** For services other than AWS; buckets are then addressed by path. */
  endpoint?: string;
  /** Key prefix without slashes at its ends. */
  prefix?: string;
  storageClass?: StorageClass;
  level?: StorageLevel;
  /** What a restore asks of a store in an archive class. */
  thaw: ThawConfig;
  /** Both absent: the AWS default chain. */
  accessKeyId?: SecretText;
  secretAccessKey?: SecretText;
}

export const storageClasses = [
  'STANDARD',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER_IR',
  'GLACIER',
  'DEEP_ARCHIVE',
] as const;
export type StorageClass = (typeof storageClasses)[number];

export interface ThawConfig {
  tier: ThawTier;
  /** For how many days what was thawed can be read. */
  days: number;
  /** How long a restore waits for it. */
  wait: Milliseconds;
}

export interface ImmutableConfig {
  mode: LockMode;
  /** From the end of the backup on. */
  for: Milliseconds;
  /** Of what is stored before the backup counts. */
  provisional: Milliseconds;
}

export type EncryptionConfig = ({ keyFile: string; kms?: undefined } | { kms: string; keyFile?: undefined }) & {
  /** A further key, kept far from here, that opens every backup too: `doctor` looks that it does. */
  escrow?: EscrowConfig;
};

/** By its fingerprint where the key itself is not to be on this machine. */
export type EscrowConfig = { keyFile: string; fingerprint?: undefined } | { fingerprint: string; keyFile?: undefined };

/** `point`: a recovery point across components, between backups. */
export const tierTypes = ['full', 'differential', 'incremental', 'point'] as const;
export type TierType = (typeof tierTypes)[number];

export interface TierConfig {
  /** Cron of five fields, by the clock of `timezone`. */
  schedule?: string;
  /** Instead of a schedule. */
  every?: Milliseconds;
  type: TierType;
  /** How long one may take; certain for recovery points. */
  timeout?: Milliseconds;
  to: string[];
  /** Absent: no copies besides. */
  copies?: CopiesConfig;
  keep: TierKeep;
  strategy: Strategy;
  retentionClass: RetentionClass;
  /** Who hears of its backups. */
  notify?: string[];
  verify: 'quick' | 'full';
  /** Backups are locked in every store of the tier. */
  immutable?: ImmutableConfig;
  /** By age, the youngest first. */
  move?: MoveConfig[];
  /** Absent: every component of the site. */
  components?: string[];
  /** Absent: normal. */
  priority?: Priority;
  /** Absent: by the number of sites. */
  jitter?: Milliseconds;
}

/** What a backup gets after it counts. */
export interface CopiesConfig {
  to: string[];
  /** How many of the stores are enough. */
  success: 'all' | number;
  within: Milliseconds;
}
/** Where a value came from that the configuration does not name itself. */
export interface FilledDefault {
  /** Path in the configuration: `stores.local.path`. */
  setting: string;
  value: string;
  source: 'environment' | 'default';
  variable?: string;
}

export interface LoadedConfig {
  config: Config;
  /** Absolute path of the file. */
  file: string;
  warnings: string[];
  filled: FilledDefault[];
}
