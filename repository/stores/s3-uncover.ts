/**
 * What was locked and is not read any more, since somebody put deletion markers or other bytes above it. The oldest version that is still locked is what was
 * meant: whoever writes later can only put another one above it. Guaranteed: what is read afterwards is locked as long as any version of it was.
 */
import { CopyObjectCommand, HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { Lock } from '../store-capabilities';
import { listVersions, lockOfVersion, type Version, wordOf } from './s3-versions';

interface Place {
  client: S3Client;
  bucket: string;
  /** By the service's clock: a lock that has ended by it protects nothing, whatever ours says. */
  now: Date;
}

/** @returns how many objects came back */
export async function uncoverBelow(
  place: Place,
  prefix: string,
  mayBeLocked: (key: string) => boolean,
): Promise<number> {
  let uncovered = 0;
  for await (const versions of byKey(listVersions(place.client, place.bucket, prefix))) {
    if (mayBeLocked(versions[0]?.key ?? '') && (await uncoverOne(place, versions))) uncovered++;
  }
  return uncovered;
}

/** The one that ends last, in the strictest mode of those that hold. */
export async function lastLockOf(place: Place, key: string): Promise<Lock | undefined> {
  const versions: Version[] = [];
  for await (const version of listVersions(place.client, place.bucket, key)) {
    if (version.key === key) versions.push(version);
  }
  return lastOf((await locksOf(place, versions)).map(({ lock }) => lock));
}

async function uncoverOne(place: Place, versions: Version[]): Promise<boolean> {
  const [current] = versions;
  if (current === undefined || (versions.length === 1 && !current.marker)) return false;
  const locked = await locksOf(place, versions);
  const meant = locked.at(-1)?.version;
  const lock = lastOf(locked.map((one) => one.lock));
  if (meant === undefined || lock === undefined || (await sameBytes(place, current, meant))) return false;
  await place.client.send(
    new CopyObjectCommand({
      Bucket: place.bucket,
      Key: meant.key,
      CopySource: `${place.bucket}/${meant.key}?versionId=${meant.versionId}`,
      ObjectLockMode: wordOf(lock.mode),
      ObjectLockRetainUntilDate: lock.until,
      ChecksumAlgorithm: 'SHA256',
    }),
  );
  return true;
}

async function locksOf({ client, bucket, now }: Place, versions: Version[]) {
  const locked: { version: Version; lock: Lock }[] = [];
  for (const version of versions.filter(({ marker }) => !marker)) {
    const lock = await lockOfVersion(client, bucket, version);
    if (lock !== undefined && lock.until > now) locked.push({ version, lock });
  }
  return locked;
}

function lastOf(locks: Lock[]): Lock | undefined {
  if (locks.length === 0) return undefined;
  const until = locks.map((one) => one.until).reduce((a, b) => (a > b ? a : b));
  return { mode: locks.some(({ mode }) => mode === 'compliance') ? 'compliance' : 'governance', until };
}

/** Where a service encrypts, equal bytes have tags of their own each: then their checksums tell. */
async function sameBytes(place: Place, current: Version, meant: Version): Promise<boolean> {
  if (current.marker) return false;
  if (current.versionId === meant.versionId || current.etag === meant.etag) return true;
  const [one, other] = [await checksumOf(place, current), await checksumOf(place, meant)];
  return one !== undefined && one === other;
}

async function checksumOf({ client, bucket }: Place, { key, versionId }: Version): Promise<string | undefined> {
  const asked = { Bucket: bucket, Key: key, VersionId: versionId, ChecksumMode: 'ENABLED' } as const;
  return (await client.send(new HeadObjectCommand(asked))).ChecksumSHA256;
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
