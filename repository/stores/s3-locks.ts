/**
 * Object lock of an S3 bucket. Locks belong to versions: one is asked for, extended and respected on the version that is read.
 *
 * In a bucket that keeps versions an ordinary deletion removes nothing, and hides even what is locked. Here it removes versions by their ids
 * instead: what is locked is refused by the service and stays visible, what is not is gone and frees its room.
 */
import {
  CopyObjectCommand,
  GetObjectLockConfigurationCommand,
  PutObjectRetentionCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { HoldfastError } from '../../domain/errors';
import type { Lock, LockedObject, StoreLocks } from '../store-capabilities';
import { isAbsent } from './s3-errors';
import { deleteAll } from './s3-requests';
import {
  anyLockOfVersion,
  deleteVersions,
  keepsVersions,
  listVersions,
  lockOfVersion,
  type Version,
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
    await this.bucket.ask(key, async (client) => {
      await client.send(
        new PutObjectRetentionCommand({
          Bucket: this.bucket.name,
          Key: this.bucket.prefix + key,
          Retention: { Mode: wordOf(mode), RetainUntilDate: until },
        }),
      );
    });
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

  async uncover(prefix: string): Promise<number> {
    return await this.bucket.ask(prefix, async (client) => {
      let uncovered = 0;
      if (!(await this.#keepsVersions(client))) return uncovered;
      for await (const versions of byKey(listVersions(client, this.bucket.name, this.bucket.prefix + prefix))) {
        if (await this.#uncoverOne(client, versions)) uncovered++;
      }
      return uncovered;
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

  async #keepsVersions(client: S3Client): Promise<boolean> {
    this.#versions ??= keepsVersions(client, this.bucket.name);
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
      const lock = version.marker ? undefined : await anyLockOfVersion(client, this.bucket.name, version);
      if (lock === undefined) hidden.add(version.key);
      else if ((locked.get(key)?.getTime() ?? 0) < lock.until.getTime()) locked.set(key, lock.until);
    }
    // Not locked, and yet refused: these credentials may not remove versions. Then they hide them, and the bucket's own rules free the room.
    const toHide = [...hidden].filter((key) => !locked.has(key.slice(this.bucket.prefix.length)));
    if (toHide.length > 0) await deleteAll(client, this.bucket.name, toHide);
    return [...locked].map(([key, until]) => ({ key, until }));
  }

  /** The oldest version that is still locked is what was meant: whoever writes later can only put another one above it. */
  async #uncoverOne(client: S3Client, versions: Version[]): Promise<boolean> {
    const [current] = versions;
    if (current === undefined || (versions.length === 1 && !current.marker)) return false;
    for (const version of versions.toReversed()) {
      if (version.marker) continue;
      const lock = await lockOfVersion(client, this.bucket.name, version);
      if (lock === undefined) continue;
      if (!current.marker && version.etag === current.etag) return false;
      await client.send(
        new CopyObjectCommand({
          Bucket: this.bucket.name,
          Key: version.key,
          CopySource: `${this.bucket.name}/${version.key}?versionId=${version.versionId}`,
          ObjectLockMode: wordOf(lock.mode),
          ObjectLockRetainUntilDate: lock.until,
          ChecksumAlgorithm: 'SHA256',
        }),
      );
      return true;
    }
    return false;
  }
}

export function wordOf(mode: Lock['mode']): 'COMPLIANCE' | 'GOVERNANCE' {
  return mode === 'compliance' ? 'COMPLIANCE' : 'GOVERNANCE';
}

/** What `delete` throws when something stayed. */
export function lockedError(store: string, locked: LockedObject[]): HoldfastError {
  const until = locked.reduce((latest, one) => (one.until > latest ? one.until : latest), new Date(0));
  const what = locked.length === 1 ? 'an object is locked' : `${locked.length} objects are locked`;
  return new HoldfastError('object_locked', `${what} until ${until.toISOString()}`, {
    where: `${store}:${locked[0]?.key ?? ''}`,
    hints: ['it can be removed when the lock has ended, and by nobody before'],
  });
}

async function* byKey(versions: AsyncIterable<Version>): AsyncGenerator<Version[]> {
  let same: Version[] = [];
  for await (const version of versions) {
    if (same.length > 0 && same[0]?.key !== version.key) {
      yield same;
      same = [];
    }
    same.push(version);
  }
  if (same.length > 0) yield same;
}

/** Of sorted keys. */
function commonPrefix(keys: string[]): string {
  const first = keys[0] ?? '';
  const last = keys.at(-1) ?? '';
  let length = 0;
  while (length < first.length && first[length] === last[length]) length++;
  return first.slice(0, length);
}
