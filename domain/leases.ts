/** Who needs a backup just now: nothing that is leased is removed (`repository/leases.ts`). */
export const leaseKinds = ['backup', 'restore', 'copy', 'verify', 'consolidate', 'drill', 'pin', 'unknown'] as const;
export type LeaseKind = (typeof leaseKinds)[number];

export interface Lease {
  backupId: string;
  kind: LeaseKind;
  /** Workflow id and run of the procedure that needs it; of a restore without an engine, its host and process. */
  holder: string;
  /** RFC 3339, by the store's clock. */
  until: string;
  /** Of WAL: it is needed from here on, on this timeline and those that come of it. */
  wal?: { timeline: number; from: string };
}

/**
 * What leases call the WAL of a database. A lease of a backup would not do for it: a snapshot may stay while the WAL behind it goes, and a restore
 * to a time needs both.
 */
export function walLeaseId(systemIdentifier: string): string {
  return `wal-${systemIdentifier}`;
}
