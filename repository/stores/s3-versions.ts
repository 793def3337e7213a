/** Versions of objects in a bucket that keeps them: every one that is stored, and the markers that hide them. */
import {
  DeleteObjectsCommand,
  GetBucketVersioningCommand,
  GetObjectRetentionCommand,
  ListObjectVersionsCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { Lock } from '../store-capabilities';

export interface Version {
  /** As the bucket has it, prefix included. */
  key: string;
  versionId: string;
  /** Says that the object is deleted, and holds nothing. */
  marker: boolean;
  latest: boolean;
  etag?: string;
}

/** A bucket that ever kept versions may hold some still. Who may not ask has no right to remove any either. */
export async function keepsVersions(client: S3Client, bucket: string): Promise<boolean> {
  const answer = await client
    .send(new GetBucketVersioningCommand({ Bucket: bucket }))
    .catch((error: { $metadata?: { httpStatusCode?: number } }) => {
      const status = error.$metadata?.httpStatusCode ?? 0;
      if (status === 403 || status === 501) return { Status: undefined };
      throw error;
    });
  return answer.Status !== undefined;
}

/** By key in ascending order, the newest of each first. `from` is inclusive. */
export async function* listVersions(
  client: S3Client,
  bucket: string,
  prefix: string,
  from?: string,
): AsyncGenerator<Version> {
  // a marker is exclusive: the key without its last character comes before it, and before nothing else that is wanted
  let keyMarker = from?.slice(0, -1);
  if (keyMarker !== undefined && keyMarker.length < prefix.length) keyMarker = undefined;
  let versionMarker: string | undefined;
  do {
    const page = await client.send(
      new ListObjectVersionsCommand({
        Bucket: bucket,
        Prefix: prefix,
        KeyMarker: keyMarker,
        VersionIdMarker: versionMarker,
      }),
    );
    const found = [
      ...(page.Versions ?? []).map((one) => ({ ...one, marker: false })),
      ...(page.DeleteMarkers ?? []).map((one) => ({ ...one, ETag: undefined, marker: true })),
    ].map(({ Key = '', VersionId = 'null', IsLatest = false, ETag, marker, LastModified }) => ({
      at: LastModified?.getTime() ?? 0,
      version: { key: Key, versionId: VersionId, marker, latest: IsLatest, etag: ETag },
    }));
    found.sort((a, b) => order(a.version, b.version) || b.at - a.at);
    for (const { version } of found) yield version;
    keyMarker = page.IsTruncated ? page.NextKeyMarker : undefined;
    versionMarker = page.NextVersionIdMarker;
  } while (keyMarker !== undefined && keyMarker !== '');
}

function order(a: Version, b: Version): number {
  if (a.key !== b.key) return a.key < b.key ? -1 : 1;
  return Number(b.latest) - Number(a.latest);
}

/** A page of the folders right below a prefix, also of those that hold nothing but what is hidden; undefined as `next`: the last. */
export async function versionFolders(
  client: S3Client,
  bucket: string,
  prefix: string,
  from?: string,
): Promise<{ names: string[]; next?: string }> {
  const asked = { Bucket: bucket, Prefix: prefix, Delimiter: '/', KeyMarker: from };
  const page = await client.send(new ListObjectVersionsCommand(asked));
  const names = (page.CommonPrefixes ?? []).map(({ Prefix = '' }) => Prefix.slice(prefix.length, -1));
  return { names, next: (page.IsTruncated && page.NextKeyMarker) || undefined };
}

/** The lock of one version, or of the one that is read. It may have ended: whether it has, the service's clock says. */
export async function lockOfVersion(
  client: S3Client,
  bucket: string,
  { key, versionId }: { key: string; versionId?: string },
): Promise<Lock | undefined> {
  const asked = new GetObjectRetentionCommand({ Bucket: bucket, Key: key, VersionId: versionId });
  const { Retention } = await client.send(asked).catch((error: { name?: string }) => {
    if (withoutLock.has(error.name ?? '')) return { Retention: undefined };
    throw error;
  });
  if (Retention?.Mode === undefined || Retention.RetainUntilDate === undefined) return undefined;
  return { mode: Retention.Mode === 'COMPLIANCE' ? 'compliance' : 'governance', until: Retention.RetainUntilDate };
}

/** Of an object without a lock, of a bucket without locks, of a marker. */
const withoutLock = new Set([
  'NoSuchObjectLockConfiguration',
  'ObjectLockConfigurationNotFoundError',
  'InvalidRequest',
  'MethodNotAllowed',
  'NotImplemented',
]);

export function wordOf(mode: Lock['mode']): 'COMPLIANCE' | 'GOVERNANCE' {
  return mode === 'compliance' ? 'COMPLIANCE' : 'GOVERNANCE';
}

/** How many versions one request may name. */
const batch = 1000;

/**
 * The oldest first, of versions that are given newest first: else, for a moment or after a crash for good, an older state would be what is read.
 * @returns those that the service did not remove, with its word for why
 */
export async function deleteVersions(
  client: S3Client,
  bucket: string,
  versions: Version[],
): Promise<{ version: Version; why: string }[]> {
  const refused: { version: Version; why: string }[] = [];
  const ordered = versions.toReversed();
  for (let at = 0; at < ordered.length; at += batch) {
    const some = ordered.slice(at, at + batch);
    const answer = await client.send(
      new DeleteObjectsCommand({
        Bucket: bucket,
        Delete: { Objects: some.map(({ key, versionId }) => ({ Key: key, VersionId: versionId })), Quiet: true },
      }),
    );
    for (const { Key, VersionId, Code = '' } of answer.Errors ?? []) {
      const version = some.find((one) => one.key === Key && one.versionId === VersionId);
      if (version !== undefined && !['NoSuchKey', 'NoSuchVersion'].includes(Code)) {
        refused.push({ version, why: Code });
      }
    }
  }
  return refused;
}
