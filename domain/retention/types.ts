/**
 * Retention: what of the backups in a store stays, and why. Guaranteed, whatever clocks and rules say: what something that stays builds upon stays with
 * it; so many completed backups of each component as the minimum says, and the last that was proven, stay; nothing that is pinned, held, leased or
 * locked goes; nothing goes in one step: it expires, and is removed after a cool-off. Not guaranteed: that the heads it is told of are all there are.
 * `refuse.ts` looks for signs that they are not.
 */
import type { BackupHead } from '../backup';
import type { StorageClass } from '../config/types';
import type { KeepRules, RetentionConfig, Strategy } from '../config/types-retention';
import type { Lease } from '../leases';
import type { Timelines } from './timelines';
import type { LockedOnly, Unlock } from './unlock';

/** What one store shows of itself at one moment. */
export interface StoreView {
  store: string;
  /** Of every site: those of others may build upon ours. */
  heads: BackupHead[];
  /** Heads that cannot be read. */
  damaged: string[];
  spared: Spared[];
  leases: Lease[];
  /** The store's own clock, milliseconds. */
  now: number;
  /** Whether it holds objects of any backup, listed or not. */
  holdsBackups: boolean;
}

/** Somebody said that it must stay: a pin, or a legal hold. */
export interface Spared {
  backupId: string;
  kind: 'pin' | 'hold';
  by: string;
}

/** What the configuration says of the backups of a tier in a store. */
export interface Policy {
  rules: KeepRules;
  strategy: Strategy;
  compliance: boolean;
  /** Its tier, which the configuration does not name: how long it was to be kept nobody knows. */
  forgotten?: string;
  /** Absent: the store has none. */
  classes?: StoreClasses;
}

export interface StoreClasses {
  /** In which packs are stored. */
  own: StorageClass;
  /** The coldest that is named for them: what may not be deleted belongs there when no rule keeps it any more. */
  archive: StorageClass;
}

export interface PlanOptions {
  site: string;
  retention: RetentionConfig;
  policyOf: (head: BackupHead) => Policy;
  /** Another store keeps a completed copy of it: no need to move this one. */
  keptElsewhere?: (backupId: string) => boolean;
  timelines?: Timelines;
  /** Where a backup belongs that has left this store by its age, and how its copy is there. */
  below?: (head: BackupHead) => Below | undefined;
}

export interface Below {
  to: string;
  /** `lacking`: it is to come there. `unwanted`: that store keeps it no more, or never would. `unseen`: nobody knows. */
  state: 'whole' | 'lacking' | 'unwanted' | 'unseen';
  /** Since when the copy there counts. */
  at?: string;
}

/**
 * `keep`: nothing happens. `expire`: it is offered no more. `remove`: its objects go. `move`: it belongs into a colder class, and stays until it is there.
 */
export type Action = 'keep' | 'expire' | 'remove' | 'move';

export interface Reason {
  kind: ReasonKind;
  /** RFC 3339: it holds no longer than that; absent: as long as things are as they are. */
  until?: string;
  /** RFC 3339: of what happened. */
  at?: string;
  /** Backup, person or procedure on whose account. */
  by?: string;
}

export type ReasonKind =
  | Exclude<keyof KeepRules, 'days' | 'weeks' | 'months' | 'years'>
  | 'age'
  | 'compliance'
  | 'growing'
  | 'tier'
  | 'minimum'
  | 'proven'
  | 'chain'
  | 'point'
  | 'window'
  | 'pin'
  | 'hold'
  | 'lease'
  | 'lock'
  | 'future'
  | 'cool-off'
  | 'running'
  | 'grace'
  | 'moving'
  | 'moved'
  | 'none'
  | 'cooled off'
  | 'failed'
  | 'abandoned';

export interface Decision {
  backupId: string;
  action: Action;
  reasons: Reason[];
  /** It is kept only because it may not be deleted. */
  archived?: Archived;
  /** Whether its head is to say so from now on, or no more. */
  archiving?: 'begins' | 'ends';
}

export interface Archived {
  /** RFC 3339; absent: this plan is the first to say so. */
  since?: string;
  /** Where its packs lie; absent: the store has no classes. */
  class?: string;
  /** Where they are to lie. */
  to?: string;
}

/** WAL of a database that is needed; all other of that system may go. Positions are X/Y. */
export interface WalNeed {
  component: string;
  systemIdentifier: string;
  /** All from there on, on that timeline and on those that leave it later. */
  windows: { timeline: number; from: string }[];
  /** What makes a backup from before the window consistent. */
  spans: { timeline: number; from: string; to: string; backupId: string }[];
}

/** A backup that the plan removes, or marks as archived. */
export interface Going {
  backupId: string;
  tier?: string;
  storedBytes: number;
  /** For people. */
  why: string;
}

export interface StorePlan {
  store: string;
  /** Oldest first. */
  decisions: Decision[];
  /** Ids of completed backups that were there: so many are to be there the next time. */
  known: string[];
  /** Of each database that can be told; of the others no WAL goes. */
  wal: WalNeed[];
  warnings: string[];
  /** What is known of those that are removed or archived: of what is removed nothing else tells it afterwards. */
  going?: Going[];
  /** Those that go when their lock ends. */
  locked?: LockedOnly;
  /** When the next of them goes. */
  unlock?: Unlock;
}
