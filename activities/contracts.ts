/** What activities take and give. Small on purpose: plans, lists and indexes travel by store key and never through a history. */
import type { BackupType, ChainLink, ComponentKind, ReceiptDetails } from '../domain/backup';
import type { ImmutableConfig } from '../domain/config/types';
import type { MaintenanceKind } from '../domain/config/types-schedules';
import type { PlanSummary } from '../domain/pack';
import type { RestoredComponent } from '../domain/progress';
import type {
  BackupRequest,
  ConsolidateRequest,
  PointRequest,
  RestoreRequest,
  ShippingRequest,
} from '../domain/requests';
import type { PackWork, RunOutcome } from '../domain/runs';
import type { CleanupActivities } from './cleanup/contracts';
import type { LeaseActivities } from './leases/contracts';
import type { NotifyActivities } from './notify/contracts';
import type { ReplicationActivities } from './replicate/contracts';
import type { RetentionActivities } from './retention/contracts';
import type { ScheduleControlActivities, ScheduleSiteActivities } from './schedule/contracts';
import type { StorageActivities, ThawNeed } from './storage/contracts';
import type { VerifyActivities } from './verify/contracts';

export type { VerifyJob } from './verify/contracts';

export interface JobComponent {
  name: string;
  kind: ComponentKind;
  /** A database that is read over its connection; absent: by its files. */
  method?: 'stream';
  /** The server pushes its WAL itself: nothing of ours ships it. */
  wal?: 'command';
}

/** A backup that is being made: fixed at its first step and handed to every later one. */
export interface BackupJob {
  system: string;
  site: string;
  backupId: string;
  tier?: string;
  type: BackupType;
  /** What it builds upon, the full backup first; absent in a full one. */
  chain?: ChainLink[];
  startedAt: string;
  components: JobComponent[];
  /** Of a recovery point: databases that are marked in their WAL, and not copied. */
  marked?: JobComponent[];
  /** The store that packs are written to, and those that get a copy afterwards. */
  store: string;
  copies: string[];
  jobs: number;
  /** How thoroughly the tier wants the backup read back before it counts. */
  verify: 'quick' | 'full';
  warnings: string[];
  /** How it is locked, by store; absent: not at all. */
  locks?: Record<string, ImmutableConfig>;
}

/** With how many seconds it took to look at each copy, by store; absent: sent by a version that proved nothing by it. */
export interface PublishedJob extends BackupJob {
  seconds?: Record<string, number>;
}

/** What a discarded backup leaves behind. */
export interface Discarded {
  warnings: string[];
}

export interface JobPart extends BackupJob {
  component: string;
  generation: number;
}

/** A component of a full backup that is put together from a chain, which ends with the backup `of`. */
export interface ConsolidationPart extends JobPart {
  of: string;
}

export interface SnapshotOpened {
  /** Task queue of the process that holds the session. */
  processQueue: string;
}

export interface ComponentPlan extends Pick<PlanSummary, 'runs' | 'packs' | 'files' | 'bytes' | 'lastFrom'> {
  warnings: string[];
}

export interface SealedJob {
  bytes: number;
  storedBytes: number;
  packs: number;
  components: { name: string; runs: number }[];
  /** End of the backup on the server's clock: the earliest recoverable point. */
  recoveryPoint?: string;
}

/** What the marks of a recovery point cover, and when they were made. */
export interface MarkedDatabases {
  /** RFC 3339; absent without a database. */
  at?: string;
}

/** A restore that was found possible: fixed by `resolveRestore`, handed to every later step. */
export interface RestoreJob {
  restoreId: string;
  site: string;
  system: string;
  backupId: string;
  /** For targets that only the WAL can place: older backups to try, newest first. */
  candidates: string[];
  store: string;
  components: RestoreComponent[];
  /** Names of the site's services to stop, in the order of stopping; empty for `--to`. */
  services: string[];
  inPlace: boolean;
  bytes: number;
  packs: number;
  jobs: number;
  etaSeconds?: number;
  /** Packs lie in an archive and are thawed first. */
  thaw?: ThawNeed;
  request: RestoreRequest;
  warnings: string[];
}

/** Of a backup that another one builds upon: how many runs a component has there. */
export interface LinkRuns {
  backupId: string;
  runs: number;
}

/** Absent target and timeline: those of the request. */
export interface ComponentOrigin {
  backupId: string;
  store: string;
  at?: string;
  timeline?: string;
}

export interface RestoreComponent {
  name: string;
  kind: ComponentKind;
  runs: number;
  packs: number;
  bytes: number;
  /** Backups that this one builds upon, the full one first, with their runs of this component. */
  links?: LinkRuns[];
  /** Of a restore that takes components from several backups: where this one comes from, and what it is replayed to. */
  from?: ComponentOrigin;
  /** Code of the error that a failure of this component is reported with. */
  errorCode: 'database_restore_failed' | 'config_restore_failed' | 'logs_restore_failed' | 'restore_failed';
  /** Absolute path of the restored data directory, or of the folder that receives the trees. */
  target: string;
  /** Root of a tree → base64 of the path it is placed at. */
  roots: Record<string, string>;
  /** Folder of ours beside the target: journal, markers, spool, records of what was set aside. */
  workDir: string;
}

/** State of services and servers as it was before the restore touched them. */
export interface PriorState {
  services: Record<string, 'running' | 'stopped' | 'absent'>;
  /** Components whose own database server ran. */
  runningDatabases: string[];
  /** Those whose server had been running until it crashed, or that the request wants started: running is their right state. */
  crashedDatabases: string[];
}

export interface ReceiptOrder {
  site: string;
  backupId?: string;
  /** What of the maintenance the run was, whether or not it did it; absent: none. */
  maintenance?: MaintenanceKind[];
  details: Omit<ReceiptDetails, 'sequence' | 'previous'>;
}

export interface ReceiveRequest extends ShippingRequest {
  /** The shipper's chain of runs: its next receiver takes over from the one before at once. Absent: sent by a version before this was. */
  line?: string;
}

/** What `receiveWal` ends with: an orderly stop; anything else is thrown. */
export interface ShippingEnd {
  message: string;
  /** WAL was lost for good: what is stored from here on needs a backup of its own. */
  backup?: { workflowId: string; request: BackupRequest; reason: string };
}

export interface FetchedWal {
  job: RestoreJob;
  /** For people. */
  reaches?: string;
  /** RFC 3339, where the last transaction that will be there is known. */
  instant?: string;
  walBytes?: number;
}

export interface RestorePart {
  job: RestoreJob;
  component: string;
}

export interface ServicesPart {
  job: RestoreJob;
  prior: PriorState;
}

type Work<Kind extends PackWork['kind']> = Extract<PackWork, { kind: Kind }> & { run: number };
export type StoreRunWork = Work<'store'>;
export type VerifyRunWork = Work<'verify'>;
export type ConsolidateRunWork = Work<'consolidate'>;
export type CopyRunWork = Work<'copy'>;
export type PlaceRunWork = Work<'place'>;

/** What runs wherever workflows do. */
export interface ControlActivities extends ScheduleControlActivities, NotifyActivities {
  /** In mode `hybrid`, when the agent is dead: whether commits waited for it and do not any more. */
  letCommitsGo(request: ShippingRequest): Promise<boolean>;
}

/** Every activity of a site's agent. Each may run twice, be cut anywhere, or overlap with a zombie of itself. */
export interface SiteActivities
  extends LeaseActivities,
    CleanupActivities,
    ReplicationActivities,
    StorageActivities,
    VerifyActivities,
    RetentionActivities,
    ScheduleSiteActivities {
  // backup, in the order of the runbook
  beginBackup(request: BackupRequest): Promise<BackupJob>;
  checkHealth(job: BackupJob): Promise<void>;
  announceBackup(job: BackupJob): Promise<void>;
  awaitShipper(part: BackupJob & { component: string }): Promise<void>;
  openSnapshot(part: JobPart): Promise<SnapshotOpened>;
  planComponent(part: JobPart): Promise<ComponentPlan>;
  storeRun(work: StoreRunWork): Promise<RunOutcome>;
  closeSnapshot(part: JobPart & { plan: ComponentPlan }): Promise<void>;
  abandonSnapshot(part: JobPart): Promise<void>;
  awaitSource(part: JobPart): Promise<void>;
  storeStream(part: JobPart): Promise<RunOutcome>;
  awaitWal(job: BackupJob): Promise<void>;
  sealBackup(job: BackupJob): Promise<SealedJob>;
  copyRun(work: CopyRunWork): Promise<RunOutcome>;
  copyManifest(job: BackupJob & { to: string }): Promise<void>;
  publishBackup(job: PublishedJob): Promise<void>;
  /** Undefined: answered by a version before locks were. */
  discardBackup(job: BackupJob): Promise<Discarded | undefined>;
  // a full backup out of a chain
  beginConsolidation(request: ConsolidateRequest): Promise<{ job: BackupJob; of: string }>;
  planConsolidation(part: ConsolidationPart): Promise<ComponentPlan>;
  consolidateRun(work: ConsolidateRunWork): Promise<RunOutcome>;
  // a recovery point across components
  beginPoint(request: PointRequest): Promise<BackupJob>;
  markDatabases(job: BackupJob): Promise<MarkedDatabases>;
  awaitMarks(job: BackupJob): Promise<void>;
  expirePoints(job: BackupJob): Promise<{ expired: number; removed: number }>;
  // shipping
  receiveWal(request: ReceiveRequest): Promise<ShippingEnd>;
  // restore, in the order of the runbook
  resolveRestore(request: RestoreRequest): Promise<RestoreJob>;
  fetchWal(job: RestoreJob): Promise<FetchedWal>;
  checkTarget(job: RestoreJob): Promise<void>;
  recordServices(job: RestoreJob): Promise<PriorState>;
  stopServices(part: ServicesPart): Promise<void>;
  stopStarted(part: ServicesPart): Promise<void>;
  putServicesBack(part: ServicesPart): Promise<void>;
  setDataAside(job: RestoreJob): Promise<void>;
  putDataBack(job: RestoreJob): Promise<void>;
  prepareTree(part: RestorePart): Promise<void>;
  placeRun(work: PlaceRunWork): Promise<RunOutcome>;
  finishTree(part: RestorePart): Promise<void>;
  prepareReplay(part: RestorePart): Promise<void>;
  replay(part: RestorePart): Promise<void>;
  validate(part: RestorePart): Promise<void>;
  finishReplay(part: RestorePart): Promise<void>;
  endReplay(part: RestorePart): Promise<void>;
  startServices(part: ServicesPart): Promise<void>;
  dropSetAside(job: RestoreJob): Promise<RestoredComponent[]>;
  removeWorkDirs(job: RestoreJob): Promise<void>;
  // receipts
  /** @returns key of the receipt in the store */
  writeReceipt(order: ReceiptOrder): Promise<string>;
}
