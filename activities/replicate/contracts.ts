/**
 * What the activities of replication take and give. Guaranteed: each may run twice, be cut anywhere and overlap with itself, since what a store holds is asked and
 * not remembered; nothing counts as a copy before it is whole and looked at in its own store. Not guaranteed: that a copy stays as it is; verification tells that.
 */
import type { ReplicateAllRequest, ReplicateRequest } from '../../domain/replication/requests';
import type { PackWork, RunOutcome } from '../../domain/runs';

export type ReplicateRunWork = Extract<PackWork, { kind: 'replicate' }> & { run: number };

/** A backup that is to be copied, with all that it builds upon: fixed at the first step. */
export interface ReplicationJob {
  system: string;
  site: string;
  backupId: string;
  tier?: string;
  /** Stores that are to have it. */
  targets: string[];
  /** How many of them are enough. */
  enough: number;
  /** The full backup first, the one that was named last. */
  members: ReplicationMember[];
  jobs: number;
  /** As asked for. */
  moves?: boolean;
  /** Who holds the leases. */
  holder: string;
}

export interface ReplicationMember {
  backupId: string;
  components: { name: string; runs: number }[];
  bytes: number;
  packs: number;
}

/** How each member is in a store: `damaged` ones are read there, and not only asked for. */
export type MemberState = 'lacking' | 'there' | 'damaged';

export interface CopyPart extends ReplicationJob {
  to: string;
  member: ReplicationMember;
}

export interface ReplicationPage {
  /** Oldest first. */
  backups: { backupId: string; to: string[]; enough: number }[];
  /** Up to the end of this page: those that wait for stores alone that do not answer, and fall short of what their tier wants without them. */
  leftOut?: { count: number; first: string };
  /** Where the next page begins; absent: this was the last. */
  after?: string;
}

export interface PublishedCopy {
  /** What could not be locked. */
  warnings?: string[];
  repaired: number;
  /** It was there, and had expired: retention removes it when its time is over. */
  expired?: true;
}

export interface RepairOrder {
  site: string;
  backupId: string;
  /** The copy that is to be repaired. */
  store: string;
}

export interface RepairOutcome {
  packs: number;
  /** What was put right; of many objects the first. */
  repaired: { key: string; store: string; from: string }[];
  count: number;
}

export interface ReplicationActivities {
  nextToCopy(request: ReplicateAllRequest & { after?: string }): Promise<ReplicationPage>;
  beginReplication(request: ReplicateRequest): Promise<ReplicationJob>;
  /** Opens the store, and says how each member is there. */
  reachStore(job: ReplicationJob & { to: string }): Promise<MemberState[]>;
  replicateRun(work: ReplicateRunWork): Promise<RunOutcome>;
  replicateWal(part: CopyPart): Promise<{ segments: number; bytes: number }>;
  publishCopy(part: CopyPart & { seconds: number }): Promise<PublishedCopy>;
  endReplication(job: ReplicationJob): Promise<void>;
  /** What is damaged in one copy of a backup is put right from the others. */
  repairBackup(order: RepairOrder): Promise<RepairOutcome>;
}
