/**
 * What a store of objects must do. `test/repository/stores/conformance.ts` runs one suite over every implementation.
 *
 * Guaranteed: a put that returned is durable as far as the medium can make it (dir: fsync of file and directory; s3: what the
 * service promises); a conditional put has one winner whoever races; no reader ever sees half an object; the bytes that arrive
 * are the bytes that were meant (SHA-256, checked by the service itself where it can).
 * Not guaranteed: that a service keeps what it acknowledged. That is what verification is for.
 *
 * Keys: `/`-separated segments of `[A-Za-z0-9._=-]`, each at most 255 bytes, no empty segment, never `.` or `..`; no key is the
 * path prefix of another.
 */
import type { Lock, StoreClasses, StoreLocks } from './store-capabilities';

export interface StoredObject {
  key: string;
  bytes: number;
  modified: Date;
  /** Another one for every other content; absent: the store tells none. */
  tag?: string;
}

export interface PutOptions {
  /** Create only: where the key exists already nothing is written and `exists` comes back. */
  ifAbsent?: boolean;
  /** SHA-256 of the body (hex), when the caller has it already; checked against what arrived. */
  sha256?: string;
  /** The caller reads the object back before it counts: a store that would have to hash the body by itself need not. */
  readBackLater?: boolean;
  /** From the moment it is stored; only where `locks` are supported. */
  lock?: Lock;
  signal?: AbortSignal;
}

export interface GetOptions {
  /** Bytes from `start`; a negative start counts from the end (then `length` is ignored). */
  range?: { start: number; length?: number };
  /** Where the bytes are to go; by default memory of their own. */
  allocate?: (bytes: number) => Buffer;
  signal?: AbortSignal;
}

export interface Store {
  /** The name in the configuration. */
  readonly name: string;
  readonly kind: 'dir' | 's3';
  /** Where it is, for people and for `backup_path`: `/var/backups/holdfast`, `s3://bucket/prefix`. Holds no secret. */
  readonly location: string;
  /** Absent: nothing can be locked here. */
  readonly locks?: StoreLocks;
  /** Absent: one class of storage is all there is. */
  readonly classes?: StoreClasses;

  /** @throws HoldfastError `store_unavailable` (retryable), `store_full`, `store_denied`, `checksum_mismatch` */
  put(key: string, body: Uint8Array, options?: PutOptions): Promise<'created' | 'exists'>;
  /** @throws HoldfastError `object_not_found`, `store_unavailable` … */
  get(key: string, options?: GetOptions): Promise<Buffer>;
  /**
   * Has the service copy an object from another store of its own under the same key, so that its bytes do not come here. False: these two
   * cannot. Nothing is told of what was copied: look at its checksum afterwards. @throws HoldfastError `store_unavailable`
   */
  takeFrom?(from: Store, key: string, options?: { signal?: AbortSignal }): Promise<boolean>;
  head(key: string, options?: { signal?: AbortSignal }): Promise<(StoredObject & { sha256?: string }) | undefined>;
  /** In ascending byte order of keys; any number of them. `after` is exclusive. */
  list(prefix: string, options?: { after?: string; signal?: AbortSignal }): AsyncIterable<StoredObject>;
  /** Names of the folders right below a prefix that ends in `/`, in ascending order: what they hold is not gone through. */
  folders?(prefix: string, options?: { signal?: AbortSignal }): AsyncIterable<string>;
  /** Absent keys are no error; older versions go too. @throws HoldfastError `object_locked`, after everything else is removed */
  delete(keys: string[]): Promise<void>;
  /**
   * Removes what was begun before and never became an object: temporary files of a directory, uploads in parts of a bucket. What is under way
   * now is younger. Returns what went, or with `dryRun` would go.
   */
  dropUnfinished?(before: Date, options: { dryRun: boolean }): Promise<{ objects: number; bytes: number }>;
  /** The store's own clock: ages and leases are judged by it and not by a host's. */
  clock(): Promise<Date>;
  /** Proves by a trial (written, read back, raced, removed) that it can be written and honours conditional puts. */
  probe(): Promise<void>;
  close(): Promise<void>;
}
