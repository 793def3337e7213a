/** How long backups are kept, as the configuration says it: every default filled in. */
import type { Milliseconds, StorageClass } from './types';

/** Each rule that is named keeps what it names: a backup goes when none keeps it any more. */
export interface KeepRules {
  /** The newest so many. */
  last?: number;
  /** By age; of these the longest counts. */
  days?: number;
  weeks?: number;
  months?: number;
  years?: number;
  /** The newest that together are stored in so many bytes. */
  size?: number;
  /** The newest of each of the last so many periods, UTC, that have one. */
  hourly?: number;
  daily?: number;
  weekly?: number;
  monthly?: number;
  yearly?: number;
}

export interface TierKeep extends KeepRules {
  /** Of stores that keep backups differently: these rules stand instead of the tier's. */
  stores: Record<string, KeepRules>;
}

/**
 * `fifo`: what no rule keeps goes, the oldest first. `growing`: of what no rule keeps, some stay, ever further apart. `tiered`: it moves to a colder class
 * instead of going.
 */
export const strategies = ['fifo', 'growing', 'tiered'] as const;
export type Strategy = (typeof strategies)[number];

/** `compliance`: seven years, whatever the tier says. */
export const retentionClasses = ['standard', 'compliance'] as const;
export type RetentionClass = (typeof retentionClasses)[number];

export interface RetentionConfig {
  /** So many completed backups of each component stay in a store, whatever the rules say. */
  minimum: number;
  /** From expiry to removal: it may still be taken back, and whoever began a restore has it. */
  coolOff: Milliseconds;
  /** Share of the catalog that a listing may lack before retention does not believe it. */
  listingShare: number;
  /** How long what belongs to nothing is left alone. */
  grace: Milliseconds;
  /** How far back any moment can be restored; absent: as far as there are backups. */
  wal?: Milliseconds;
  /** The class of stores that have classes for what no rule keeps any more and may not be deleted, where no tier names a colder one. */
  archive?: StorageClass;
  /** Targets of notifications, where a tier names none. */
  notify?: string[];
}
