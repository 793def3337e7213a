/**
 * A store in a bucket of an S3 service.
 *
 * Guaranteed: every put carries the body's SHA-256, which the service checks and keeps; a conditional put is
 * `If-None-Match: *` (412 is `exists`, 409 is asked again); requests are bounded in time and attempts.
 * Not guaranteed: whose put it was that a 412 tells of. After a lost acknowledgement it may have been our own, so that whoever
 * gets `exists` reads what is there.
 */
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';
import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { GetOptions, PutOptions, Store, StoredObject } from '../store';
import { assertKey, assertPrefix } from './keys';
import type { S3StoreConfig } from './open';
import { probeStore } from './probe';
import { S3Classes } from './s3-classes';
import { makeClient } from './s3-client';
import { copyWithin, mayCopy } from './s3-copy';
import { isAbsent, isBehindEnd, isConflict, isPassing, isTaken, s3Error } from './s3-errors';
import { type Bucket, lockedError, S3Locks } from './s3-locks';
import { attemptsAt, bodyOf, storeClock, withKnownHash } from './s3-requests';
import { dropUploads } from './s3-uploads';
import { wordOf } from './s3-versions';

const conflictAttempts = 6;

export class S3Store implements Store {
  readonly kind = 's3';
  readonly location: string;
  readonly locks: S3Locks;
  readonly classes: S3Classes;
  readonly #prefix: string;
  #client: S3Client | undefined;

  constructor(
    readonly name: string,
    private readonly config: S3StoreConfig,
  ) {
    const prefix = (config.prefix ?? '').replace(/^\/+|\/+$/g, '');
    this.#prefix = prefix === '' ? '' : `${prefix}/`;
    this.location = `s3://${config.bucket}${prefix === '' ? '' : `/${prefix}`}`;
    const ask: Bucket['ask'] = async (key, work) => await this.#ask(key, work);
    const bucket: Bucket = { name: config.bucket, prefix: this.#prefix, ask };
    this.locks = new S3Locks(bucket);
    this.classes = new S3Classes(bucket, async (key) => await this.locks.dropOlder(key));
  }

  async put(key: string, body: Uint8Array, options: PutOptions = {}): Promise<'created' | 'exists'> {
    const { signal, ifAbsent } = options;
    const sha256 = options.sha256 ?? createHash('sha256').update(body).digest('hex');
    const input: PutObjectCommandInput = {
      ...this.#object(key),
      ContentLength: body.byteLength,
      ChecksumSHA256: Buffer.from(sha256, 'hex').toString('base64'),
      IfNoneMatch: ifAbsent ? '*' : undefined,
      // what must be readable at once (catalog, keys, indexes) never goes into a slow or cold class
      StorageClass: key.includes('/packs/') ? this.config.storageClass : undefined,
      ...(options.lock && {
        ObjectLockMode: wordOf(options.lock.mode),
        ObjectLockRetainUntilDate: options.lock.until,
      }),
    };
    return await this.#ask(key, async (client) => {
      for (let attempt = 1; ; attempt++) {
        try {
          const command = new PutObjectCommand({ ...input, Body: bodyOf(body) });
          await client.send(withKnownHash(command, sha256), { abortSignal: signal });
          return 'created';
        } catch (error) {
          if (ifAbsent && isTaken(error)) return 'exists';
          const attempts = isConflict(error) ? conflictAttempts : isPassing(error) ? attemptsAt(body) : 1;
          if (attempt >= attempts) throw error;
          await pause(50 * 2 ** attempt * (0.5 + Math.random()), undefined, { signal });
        }
      }
    });
  }

  async takeFrom(from: Store, key: string, options: { signal?: AbortSignal } = {}): Promise<boolean> {
    if (!(from instanceof S3Store) || !mayCopy(from.config, this.config)) return false;
    const StorageClass = key.includes('/packs/') ? this.config.storageClass : undefined;
    const there = { source: from.#object(key), target: { ...this.#object(key), StorageClass } };
    return await this.#ask(key, async (client) => await copyWithin(client, there, options.signal));
  }

  async get(key: string, options: GetOptions = {}): Promise<Buffer> {
    const { start = 0, length } = options.range ?? {};
    if (length === 0) return Buffer.alloc(0);
    const range = start < 0 ? `bytes=${start}` : `bytes=${start}-${length === undefined ? '' : start + length - 1}`;
    return await this.#ask(key, async (client) => {
      try {
        const answer = await client.send(
          new GetObjectCommand({ ...this.#object(key), Range: options.range === undefined ? undefined : range }),
          { abortSignal: options.signal },
        );
        return await collect(answer.Body as Readable | undefined, answer.ContentLength ?? 0, options.allocate);
      } catch (error) {
        if (isBehindEnd(error)) return Buffer.alloc(0);
        throw error;
      }
    });
  }

  async head(
    key: string,
    options: { signal?: AbortSignal } = {},
  ): Promise<(StoredObject & { sha256?: string }) | undefined> {
    return await this.#ask(key, async (client) => {
      try {
        const seen = await client.send(new HeadObjectCommand({ ...this.#object(key), ChecksumMode: 'ENABLED' }), {
          abortSignal: options.signal,
        });
        const checksum = seen.ChecksumSHA256;
        return {
          key,
          bytes: seen.ContentLength ?? 0,
          modified: seen.LastModified ?? new Date(0),
          tag: tagOf(seen),
          // a multipart object's checksum of checksums ends in -<parts>: it says nothing about the bytes
          sha256: checksum?.includes('-') === false ? Buffer.from(checksum, 'base64').toString('hex') : undefined,
        };
      } catch (error) {
        if (isAbsent(error)) return undefined;
        throw error;
      }
    });
  }

  async *list(prefix: string, options: { after?: string; signal?: AbortSignal } = {}): AsyncIterable<StoredObject> {
    for await (const page of this.#pages(prefix, options)) {
      for (const one of page.Contents ?? []) {
        const key = (one.Key ?? '').slice(this.#prefix.length);
        yield { key, bytes: one.Size ?? 0, modified: one.LastModified ?? new Date(0), tag: tagOf(one) };
      }
    }
  }

  async *folders(prefix: string, options: { signal?: AbortSignal } = {}): AsyncIterable<string> {
    for await (const page of this.#pages(prefix, { ...options, delimiter: '/' })) {
      for (const { Prefix = '' } of page.CommonPrefixes ?? []) {
        yield Prefix.slice(this.#prefix.length + prefix.length, -1);
      }
    }
  }

  async delete(keys: string[]): Promise<void> {
    keys.forEach(assertKey);
    const locked = await this.locks.deleteUnlocked(keys);
    if (locked.length > 0) throw lockedError(this.name, locked);
  }

  async dropUnfinished(before: Date, { dryRun }: { dryRun: boolean }): Promise<{ objects: number; bytes: number }> {
    return await this.#ask('', (client) => {
      return dropUploads(client, { bucket: this.config.bucket, prefix: this.#prefix, before, dryRun });
    });
  }

  async clock(): Promise<Date> {
    return await this.#ask('', async (client) => await storeClock(client, this.config.bucket, this.#prefix));
  }

  async probe(): Promise<void> {
    await probeStore(this);
  }

  async close(): Promise<void> {
    this.#client?.destroy();
    this.#client = undefined;
  }

  async *#pages(
    prefix: string,
    { after, delimiter, signal }: { after?: string; delimiter?: string; signal?: AbortSignal },
  ): AsyncIterable<ListObjectsV2CommandOutput> {
    assertPrefix(prefix);
    const place = { Bucket: this.config.bucket, Prefix: this.#prefix + prefix, Delimiter: delimiter };
    const startAfter = after === undefined ? undefined : this.#prefix + after;
    let token: string | undefined;
    do {
      const asked = new ListObjectsV2Command({ ...place, StartAfter: startAfter, ContinuationToken: token });
      const page = await this.#ask(prefix, async (client) => await client.send(asked, { abortSignal: signal }));
      yield page;
      token = page.NextContinuationToken;
    } while (token !== undefined);
  }

  #object(key: string): { Bucket: string; Key: string } {
    assertKey(key);
    return { Bucket: this.config.bucket, Key: this.#prefix + key };
  }

  async #ask<T>(key: string, work: (client: S3Client) => Promise<T>): Promise<T> {
    this.#client ??= makeClient(this.config);
    try {
      return await work(this.#client);
    } catch (error) {
      throw s3Error(error, `${this.name}:${key}`);
    }
  }
}

/** Services quote it, or do not. */
function tagOf({ ETag }: { ETag?: string }): string | undefined {
  return ETag?.replaceAll('"', '') || undefined;
}

/** By default into one buffer of its own, which can be handed to a thread without copying. */
async function collect(
  body: Readable | undefined,
  length: number,
  allocate: (bytes: number) => Buffer = Buffer.allocUnsafeSlow,
): Promise<Buffer> {
  const buffer = allocate(length);
  let filled = 0;
  // Thousands of parts in an object: an iterator's promise for each would cost more than the part.
  body?.on('data', (part: Buffer) => {
    if (filled + part.length > length) body.destroy(new Error('the answer is longer than it says'));
    else filled += part.copy(buffer, filled);
  });
  if (body) await finished(body);
  if (filled !== length) throw new Error('the answer ended early');
  return buffer;
}
