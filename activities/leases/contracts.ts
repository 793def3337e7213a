/** What keeps the leases of a run (`hold.ts`). */
export interface LeaseActivities {
  /** @returns how many stand until a week from now */
  renewLeases(order: { site: string }): Promise<number>;
}
