/**
 * `domain/` is what everybody else speaks in: words, plans and decisions without I/O. Guaranteed: nothing here reads a clock, a disk or
 * the environment, so that workflows may use it and every rule can be tried without a server. Not guaranteed: that what it is
 * told about the world is true.
 *
 * Here: backups as the catalog knows them. What is in the clear beside a backup (`manifest.json`, `checksums.sha256`,
 * `receipt.json`) keeps the specification's snake_case; everything else is camelCase.
 */
import type { RetainedInStore } from './progress';
import type { TreePath } from './tree';

export type BackupType = 'full' | 'differential' | 'incremental';
export type BackupStatus = 'creating' | 'completed' | 'failed' | 'expired';
export type ComponentKind = 'postgres' | 'files';

export interface ComponentSummary {
  kind: ComponentKind;
  runs: number;
  packs: number;
  files: number;
  /** Bytes of source that this backup stored; of one that builds upon another, `size` says how much it brings back. */
  bytes: number;
  storedBytes: number;
  size?: number;
  /** Files that changed or vanished while they were read, pages with a wrong checksum, things that cannot be backed up. */
  warnings: string[];
}

/** A catalog head: `catalog/heads/<backup id>.json` in each store that holds the backup, in the clear. */
export interface BackupHead {
  id: string;
  system: string;
  site: string;
  tier?: string;
  type: BackupType;
  status: BackupStatus;
  /** RFC 3339 UTC. `startedAt` is also the backup's timestamp. */
  startedAt: string;
  endedAt?: string;
  /** When it came to its status in this store, completed or not, by the store's own clock: no host's clock can turn the order of backups round. Absent in heads of earlier versions. */
  storedAt?: string;
  seconds?: number;
  components: Record<string, ComponentSummary>;
  bytes: number;
  storedBytes: number;
  /** SHA-256 of `checksums.sha256`. */
  checksum?: string;
  /** SHA-256 of the sealed manifest object: a manifest of another backup put in its place is noticed. */
  manifestSha256?: string;
  /** Names of the stores that hold a complete copy. */
  stores: string[];
  location: string;
  verifiedAt?: string;
  provenAt?: string;
  error?: { code: string; message: string };
  /** Backups that this one builds upon, the full one first; absent: none. All of them are needed to restore it. */
  chain?: string[];
  /** It is a recovery point: what was marked in the databases, whose data lies in other backups and the WAL. */
  marks?: Record<string, PointMark>;
  /** Which WAL its databases need to become consistent; absent in heads of earlier versions: the sealed manifest has it. */
  databases?: Record<string, DatabaseSpan>;
  /** Retention keeps it no more, or its tier newer ones: it is offered no more, and removed when nobody needs it. */
  expiredAt?: string;
  /** Expired since it has moved to another store, whose copy was whole at that time. */
  moved?: { to: string; at: string };
  /** No rule keeps it any more, and it may not be deleted: since when. */
  archived?: { at: string };
  /** What was shown of the copy in this store, the last of each level. */
  proofs?: Proof[];
  /** The class that packs of the copy in this store were moved to; absent: that in which they were stored. */
  storageClass?: string;
  /** The archive class that its packs are on their way into: some of them may lie there, where nothing reads them nor moves them out again. */
  movingTo?: string;
  /** Objects of the copy in this store cannot be removed before. */
  lock?: { mode: LockMode; until: string };
}

/** From least to most: every object has its checksum; its contents and chain are right; it was restored, started and asked. */
export const proofLevels = ['quick', 'full', 'test-restore'] as const;
export type ProofLevel = (typeof proofLevels)[number];

export interface Proof {
  level: ProofLevel;
  /** RFC 3339. */
  at: string;
  seconds: number;
  outcome: 'passed' | 'warning' | 'failed';
  /** What it builds upon was not looked at: each of those has its own proof. */
  alone?: true;
  /** Of what was wrong: counts and codes, no names. */
  findings?: string[];
}

/** As S3 Object Lock has them: governance can be lifted by who has the right to, compliance by nobody. */
export const lockModes = ['governance', 'compliance'] as const;
export type LockMode = (typeof lockModes)[number];

export type DatabaseSpan = Pick<PostgresFacts, 'systemIdentifier' | 'timeline' | 'startLsn' | 'stopLsn'>;

/** For the head; empty without a database. */
export function databaseSpans({ components }: Pick<SealedManifest, 'components'>): Pick<BackupHead, 'databases'> {
  const spans = Object.entries(components).flatMap(([name, { postgres }]) => {
    if (postgres === undefined) return [];
    const { systemIdentifier, timeline, startLsn, stopLsn } = postgres;
    return [[name, { systemIdentifier, timeline, startLsn, stopLsn }] as const];
  });
  return spans.length === 0 ? {} : { databases: Object.fromEntries(spans) };
}

/** Where a recovery point lies in a database. */
export interface PointMark {
  systemIdentifier: string;
  timeline: number;
  /** End of the record in the WAL. */
  lsn: string;
  /** Of `pg_create_restore_point`; absent: the server was a standby, which creates none. */
  name?: string;
  /** The server's clock, RFC 3339 with microseconds. */
  at: string;
}

/** What a PostgreSQL backup knows of its server; part of the sealed manifest. */
export interface PostgresFacts {
  systemIdentifier: string;
  /** `server_version_num`, for example 150018; major is the number divided by 10000. */
  versionNum: number;
  timeline: number;
  startLsn: string;
  stopLsn: string;
  /** The server's clock at the start and the end of the backup, RFC 3339 with microseconds. */
  startTime: string;
  stopTime: string;
  segmentSize: number;
  pageSize: number;
  relationSegmentBlocks: number;
  dataChecksums: boolean;
  backupLabel: string;
  tablespaceMap: string;
  tablespaces: { oid: string; location: string }[];
  dataDir: string;
  /** Owner of the data directory, by name and id. */
  owner: { user: string; uid: number; gid: number };
  /** Configuration that lies outside the data directory (Debian): absolute path and contents. */
  configFiles: { path: string; contents: string }[];
  /** From `pg_control`: a replaying server needs at least these. */
  settings: Record<string, string>;
}

export interface FilesFacts {
  /** Configured paths in order: `root` of an entry is the index. */
  paths: TreePath[];
}

export interface SealedComponent {
  kind: ComponentKind;
  /** Keys, byte counts and SHA-256 of the run indexes, in order of run. */
  indexes: { key: string; sha256: string; bytes: number }[];
  summary: ComponentSummary;
  /** RFC 3339, this host's clock: a moment before the first read. */
  openedAt?: string;
  postgres?: PostgresFacts;
  files?: FilesFacts;
}

/** The sealed manifest, encrypted: `backups/<id>/sealed`. Its presence and the head's hash of it make a backup complete. */
export interface SealedManifest {
  /** 2: it builds upon other backups, which whoever knows only 1 could not restore. */
  format: 1 | 2;
  backupId: string;
  system: string;
  site: string;
  type: BackupType;
  tier?: string;
  startedAt: string;
  endedAt: string;
  components: Record<string, SealedComponent>;
  /** Backups that this one builds upon, the full one first, each by the SHA-256 of its sealed manifest. */
  chain?: ChainLink[];
  /** Of a recovery point: where it lies in each database. */
  marks?: Record<string, PointMark>;
}

export interface ChainLink {
  backupId: string;
  manifestSha256: string;
}

/** One line of `list --jsonl` and of `catalog/backups.jsonl` (the specification's form). */
export interface CatalogLine {
  backup_id: string;
  type: string;
  timestamp: string;
  path: string;
  retention_days: number;
  duration: number | null;
  size: number;
  checksum: string | null;
  status: BackupStatus;
  location: string;
  site_id: string;
}

/** `receipt.json`: exactly these keys at the top, ours under `holdfast`. */
export interface Receipt {
  receipt_version: '1.0';
  backup_id: string;
  timestamp: string;
  backup_type: string;
  git_sha: string | null;
  image_digest: string | null;
  hostname: string;
  service: string;
  exit_code: number;
  checksum_hash: string | null;
  backup_path: string;
  holdfast: ReceiptDetails;
}

export interface ReceiptStep {
  title: string;
  startedAt: string;
  seconds: number;
  outcome: 'completed' | 'failed' | 'aborted' | 'undone' | 'undo failed';
}

export interface ReceiptDetails {
  procedure: string;
  workflowId: string;
  runId: string;
  status: 'completed' | 'failed' | 'aborted';
  startedAt: string;
  endedAt: string;
  steps: ReceiptStep[];
  warnings: string[];
  bytes?: number;
  storedBytes?: number;
  /** WAL that a restore fetched and replayed. */
  walBytes?: number;
  recoveryPoint?: string;
  /** What retention did in each store. */
  retained?: RetainedInStore[];
  error?: { code: string; message: string; where?: string };
  /** Position in the store's chain of receipts, and SHA-256 of the receipt before (64 zeros for the first). */
  sequence: number;
  previous: string;
}
