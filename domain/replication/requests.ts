/** What a client or a schedule asks of replication, and what comes of it. */

/** One backup, with all that it builds upon. */
export interface ReplicateRequest {
  site: string;
  /** An id, or `latest`. */
  backup: string;
  /** Stores that are to have it; absent: those that its tier names for copies, else every store with a role. */
  stores?: string[];
  /** How many of them are enough; absent: what its tier says, and all of those that were named. */
  enough?: number;
  /** It moves: what is replayed from it goes with it, also into a store that receives WAL itself and kept none so old. */
  moves?: boolean;
}

/** Everything that the tiers of a site want copied and is not, the oldest first. */
export interface ReplicateAllRequest {
  site: string;
  /** Every completed backup into these, whatever its tier says. */
  stores?: string[];
  /** Not into these: they did not answer. */
  without?: string[];
}

/** How the copy in one store ended. */
export interface CopyEnd {
  store: string;
  outcome: 'copied' | 'there' | 'failed';
  packs: number;
  /** Of packs that were sent. */
  storedBytes: number;
  /** Objects that were damaged or missing in a copy and were put right. */
  repaired: number;
  error?: { code: string; message: string };
}

/** One run of a site at a time. */
export function replicationWorkflowId(system: string, site: string): string {
  return `replicate/${system}/${site}`;
}

/** One copying of a backup at a time, whoever starts it. */
export function backupReplicationWorkflowId(system: string, site: string, backup: string): string {
  return `replicate/${system}/${site}/${backup}`;
}
