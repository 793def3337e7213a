/**
 * Object lock of an S3 bucket. Locks belong to versions: one is asked for, extended and respected on the version that is read.
 *
 * In a bucket that keeps versions an ordinary deletion removes nothing, and hides even what is locked. Here it removes versions by their ids
 * instead: what is locked is refused by the service and stays visible, what is not is gone and frees its room.
 */
import {
  DeleteObjectCommand,
  GetObjectLegalHoldCommand,
  GetObjectLockConfigurationCommand,
  PutObjectRetentionCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { HoldfastError } from '../../domain/errors';
import type { Lock, LockedObject, StoreLocks } from '../store-capabilities';
import { isAbsent } from './s3-errors';
import { deleteAll, storeClock } from './s3-requests';
import { lastLockOf, uncoverBelow } from './s3-uncover';
import {
  deleteVersions,
  keepsVersions,
  listVersions,
  lockOfVersion,
  type Version,
  versionFolders,
  wordOf,
} from './s3-versions';

export interface Bucket {
  name: string;
  /** Of all keys of the store; empty, or ending in `/`. */
  prefix: string;
  /** Runs requests, and tells of their failure in the words of the catalogue. */
  ask: <T>(key: string, work: (client: S3Client) => Promise<T>) => Promise<T>;
}

export class S3Locks implements StoreLocks {
  #supported: Promise<boolean> | undefined;
  #versions: Promise<boolean> | undefined;

  constructor(private readonly bucket: Bucket) {}

  async supported(): Promise<boolean> {
    this.#supported ??= this.#askSupported();
    return await this.#supported.catch((error: unknown) => {
      this.#supported = undefined;
      throw error;
    });
  }

  async lockOf(key: string): Promise<Lock | undefined> {
    return await this.bucket.ask(key, async (client) => {
      try {
        return await lockOfVersion(client, this.bucket.name, { key: this.bucket.prefix + key });
      } catch (error) {
        if (isAbsent(error)) return undefined;
        throw error;
      }
    });
  }

  async extendLock(key: string, lock: Lock): Promise<void> {
    const present = await this.lockOf(key);
    if (present !== undefined && present.until >= lock.until && present.mode === lock.mode) return;
    // what is locked for compliance stays so, and never for less long
    const mode = present?.mode === 'compliance' ? 'compliance' : lock.mode;
    const until = present !== undefined && present.until > lock.until ? present.until : lock.until;
    if (present !== undefined && present.until >= until && present.mode === mode) return;
    try {
      await this.bucket.ask(key, async (client) => {
        await client.send(
          new PutObjectRetentionCommand({
            Bucket: this.bucket.name,
            Key: this.bucket.prefix + key,
            Retention: { Mode: wordOf(mode), RetainUntilDate: until },
          }),
        );
      });
    } catch (error) {
      // Somebody else extended it further meanwhile: then ours would have shortened it, which is refused.
      const now = await this.lockOf(key).catch(() => undefined);
      if (now === undefined || now.until < until || (mode === 'compliance' && now.mode !== mode)) throw error;
    }
  }

  async lastLockOf(key: string): Promise<Lock | undefined> {
    if (!(await this.supported())) return undefined;
    return await this.bucket.ask(key, async (client) => {
      return await lastLockOf(await this.#place(client), this.bucket.prefix + key);
    });
  }

  async hide(key: string): Promise<void> {
    await this.bucket.ask(key, async (client) => {
      await client.send(new DeleteObjectCommand({ Bucket: this.bucket.name, Key: this.bucket.prefix + key }));
    });
  }

  async *everFolders(prefix: string): AsyncIterable<string> {
    let from: string | undefined;
    do {
      const page: Awaited<ReturnType<typeof versionFolders>> = await this.bucket.ask(prefix, async (client) => {
        return await versionFolders(client, this.bucket.name, this.bucket.prefix + prefix, from);
      });
      yield* page.names;
      from = page.next;
    } while (from !== undefined);
  }

  async deleteUnlocked(keys: string[]): Promise<LockedObject[]> {
    if (keys.length === 0) return [];
    const full = keys.map((key) => this.bucket.prefix + key);
    return await this.bucket.ask(keys[0] ?? '', async (client) => {
      if (!(await this.#keepsVersions(client))) {
        await deleteAll(client, this.bucket.name, full);
        return [];
      }
      return await this.#deleteVersions(client, full);
    });
  }

  /** Of an object that was written again as it was: the room of what lies below is freed where nothing locks it. */
  async dropOlder(key: string): Promise<void> {
    const full = this.bucket.prefix + key;
    await this.bucket.ask(key, async (client) => {
      if (!(await this.#keepsVersions(client))) return;
      const older: Version[] = [];
      for await (const version of listVersions(client, this.bucket.name, full)) {
        if (version.key === full && !version.latest) older.push(version);
      }
      await deleteVersions(client, this.bucket.name, older);
    });
  }

  async uncover(prefix: string, mayBeLocked: (key: string) => boolean = () => true): Promise<number> {
    return await this.bucket.ask(prefix, async (client) => {
      if (!(await this.#keepsVersions(client))) return 0;
      const full = this.bucket.prefix;
      return await uncoverBelow(await this.#place(client), full + prefix, (key) => mayBeLocked(key.slice(full.length)));
    });
  }

  async #askSupported(): Promise<boolean> {
    return await this.bucket.ask('', async (client) => {
      try {
        const answer = await client.send(new GetObjectLockConfigurationCommand({ Bucket: this.bucket.name }));
        return answer.ObjectLockConfiguration?.ObjectLockEnabled === 'Enabled';
      } catch (error) {
        const { name, $metadata } = error as { name?: string; $metadata?: { httpStatusCode?: number } };
        // 501: a service that does not know of locks at all
        if (name === 'ObjectLockConfigurationNotFoundError' || $metadata?.httpStatusCode === 501) return false;
        if ($metadata?.httpStatusCode === 404 && name !== 'NoSuchBucket') return false;
        throw error;
      }
    });
  }

  /** A legal hold of the service's own, which we never set, has no end: it is told as one that cannot be reached. */
  async #holds(client: S3Client, version: Version): Promise<{ until: Date } | undefined> {
    const lock = await lockOfVersion(client, this.bucket.name, version);
    if (lock !== undefined) return lock;
    const asked = { Bucket: this.bucket.name, Key: version.key, VersionId: version.versionId };
    const answer = await client.send(new GetObjectLegalHoldCommand(asked)).catch(() => undefined);
    return answer?.LegalHold?.Status === 'ON' ? { until: withoutEnd } : undefined;
  }

  async #place(client: S3Client) {
    return { client, bucket: this.bucket.name, now: await storeClock(client, this.bucket.name, this.bucket.prefix) };
  }

  /** A bucket with object lock does, also where these credentials may not ask whether it does. */
  async #keepsVersions(client: S3Client): Promise<boolean> {
    this.#versions ??= this.supported()
      .catch(() => false)
      .then(async (locks) => locks || (await keepsVersions(client, this.bucket.name)));
    return await this.#versions.catch((error: unknown) => {
      this.#versions = undefined;
      throw error;
    });
  }

  async #deleteVersions(client: S3Client, keys: string[]): Promise<LockedObject[]> {
    const sorted = keys.toSorted((a, b) => (a < b ? -1 : 1));
    const wanted = new Set(sorted);
    const last = sorted.at(-1) ?? '';
    const found: Version[] = [];
    for await (const version of listVersions(client, this.bucket.name, commonPrefix(sorted), sorted[0])) {
      if (version.key > last) break;
      if (wanted.has(version.key)) found.push(version);
    }
    const refused = await deleteVersions(client, this.bucket.name, found);
    const locked = new Map<string, Date>();
    const hidden = new Set<string>();
    for (const { version } of refused) {
      const key = version.key.slice(this.bucket.prefix.length);
      const lock = version.marker ? undefined : await this.#holds(client, version);
      if (lock === undefined) hidden.add(version.key);
      else if ((locked.get(key)?.getTime() ?? 0) < lock.until.getTime()) locked.set(key, lock.until);
    }
    // Neither locked nor held, and yet refused: these credentials may not remove versions. Then they hide them, and the bucket's own rules free the room.
    const toHide = [...hidden].filter((key) => !locked.has(key.slice(this.bucket.prefix.length)));
    if (toHide.length > 0) await deleteAll(client, this.bucket.name, toHide);
    return [...locked].map(([key, until]) => ({ key, until }));
  }
}

const withoutEnd = new Date('9999-12-31T23:59:59Z');

/** What `delete` throws when something stayed. */
export function lockedError(store: string, locked: LockedObject[]): HoldfastError {
  const until = locked.reduce((latest, one) => (one.until > latest ? one.until : latest), new Date(0));
  const what = locked.length === 1 ? 'an object is locked' : `${locked.length} objects are locked`;
  return new HoldfastError('object_locked', `${what} until ${until.toISOString()}`, {
    where: `${store}:${locked[0]?.key ?? ''}`,
    hints: ['it can be removed when the lock has ended, and by nobody before'],
  });
}

/** Of sorted keys. */
function commonPrefix(keys: string[]): string {
  const first = keys[0] ?? '';
  const last = keys.at(-1) ?? '';
  let length = 0;
  while (length < first.length && first[length] === last[length]) length++;
  return first.slice(0, length);
}
