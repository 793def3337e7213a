/** Cleaning up the stores of a site (`clean-store.ts`). */
import type { CleanedStore, CleanStoreOrder, CleanUpRequest } from '../../domain/cleanup/report';

export interface CleanupActivities {
  /** Names of the stores that can be reached now. */
  storesToClean(request: CleanUpRequest): Promise<{ stores: string[]; unavailable: string[] }>;
  cleanStore(order: CleanStoreOrder): Promise<CleanedStore>;
}
