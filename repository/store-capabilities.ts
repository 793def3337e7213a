/**
 * What only some stores can do. A store that lacks one has no such property, so that nobody can believe it by mistake; whether a bucket was
 * made with object lock is asked of the service.
 *
 * Guaranteed: a lock is extended and never shortened, whoever asks; `deleteUnlocked` touches nothing that is locked, and hides nothing of it.
 * Not guaranteed: locks against whoever may destroy the whole account, and governance locks against whoever may lift them.
 */
import type { LockMode } from '../domain/backup';
import type { ThawTier } from '../domain/storage';

/** As S3 Object Lock has it. */
export interface Lock {
  mode: LockMode;
  until: Date;
}

export interface LockedObject {
  key: string;
  until: Date;
}

export interface StoreLocks {
  /** Whether objects of this very store can be locked: a bucket is born with it or not. */
  supported(): Promise<boolean>;
  /** Of the object as it is read, also one that has ended: whether it has, the store's clock says and not ours. Undefined: it has none, or is not there. */
  lockOf(key: string): Promise<Lock | undefined>;
  /** The one that ends last of all versions of the object, hidden ones too; undefined: none holds now, by the store's clock. */
  lastLockOf(key: string): Promise<Lock | undefined>;
  /** One that ends later already stays as it is, and compliance does not become governance. */
  extendLock(key: string, lock: Lock): Promise<void>;
  /** Removes what is not locked, older versions too. Returns what stays. */
  deleteUnlocked(keys: string[]): Promise<LockedObject[]>;
  /** Nobody reads it any more, though it is locked: it stays below, and {@link uncover} brings it back. */
  hide(key: string): Promise<void>;
  /** Names of the folders right below a prefix that ends in `/`, also of those in which everything is hidden. */
  everFolders(prefix: string): AsyncIterable<string>;
  /**
   * Makes locked objects below a prefix readable again that somebody deleted or replaced: the version that was locked first counts.
   * @param mayBeLocked spares looking at every version of what is never locked, and written every second
   * @returns how many were hidden
   */
  uncover(prefix: string, mayBeLocked?: (key: string) => boolean): Promise<number>;
}

/** `ready`: can be read at once. */
export type ThawState = 'frozen' | 'thawing' | 'ready';

export interface StoreClasses {
  /** Undefined: the object is not there. */
  classOf(key: string): Promise<string | undefined>;
  /** Copies an object onto itself, within the store; its lock goes with it. */
  changeClass(key: string, storageClass: string): Promise<void>;
  /** Asks for an object of an archive class to be readable for some days; it may be asked for again. */
  thaw(key: string, wish: { tier: ThawTier; days: number }): Promise<void>;
  /** @throws HoldfastError `object_not_found` */
  thawState(key: string): Promise<ThawState>;
}
