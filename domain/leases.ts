/** Who needs a backup just now: nothing that is leased is removed (`repository/leases.ts`). */
export const leaseKinds = ['backup', 'restore', 'copy', 'verify', 'consolidate', 'drill', 'unknown'] as const;
export type LeaseKind = (typeof leaseKinds)[number];

export interface Lease {
  backupId: string;
  kind: LeaseKind;
  /** Workflow id and run of the procedure that needs it; of a restore without an engine, its host and process. */
  holder: string;
  /** RFC 3339, by the store's clock. */
  until: string;
}
