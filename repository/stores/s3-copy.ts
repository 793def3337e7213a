/**
 * Copies within one S3 service: it moves the bytes itself, and computes their checksum anew, so that an altered source shows.
 * Whether two stores can is tried: what the service refuses once is not asked for a while.
 */
import { CopyObjectCommand, type CopyObjectCommandInput, type S3Client } from '@aws-sdk/client-s3';
import type { S3StoreConfig } from './open';
import { isConflict, isPassing } from './s3-errors';

const askAgainAfterMs = 10 * 60_000;
const refusedAt = new Map<string, number>();

/** The same service, and credentials that are the same at both ends. */
export function mayCopy(from: S3StoreConfig, to: S3StoreConfig): boolean {
  return from.endpoint === to.endpoint && from.accessKeyId === to.accessKeyId;
}

interface Ends {
  source: { Bucket: string; Key: string };
  target: Pick<CopyObjectCommandInput, 'Bucket' | 'Key' | 'StorageClass'>;
}

/** False: the service does not do it, or does not have it. @throws what may pass */
export async function copyWithin(client: S3Client, { source, target }: Ends, signal?: AbortSignal): Promise<boolean> {
  const pair = `${source.Bucket} ${target.Bucket}`;
  if (performance.now() - (refusedAt.get(pair) ?? Number.NEGATIVE_INFINITY) < askAgainAfterMs) return false;
  const CopySource = `${source.Bucket}/${source.Key}`;
  try {
    await client.send(new CopyObjectCommand({ ...target, CopySource, ChecksumAlgorithm: 'SHA256' }), {
      abortSignal: signal,
    });
    refusedAt.delete(pair);
    return true;
  } catch (error) {
    if (signal?.aborted || isPassing(error) || isConflict(error)) throw error;
    if (!isAboutObject(error)) refusedAt.set(pair, performance.now());
    return false;
  }
}

/** That this one is gone, or lies in an archive, says nothing of others. */
function isAboutObject(error: unknown): boolean {
  return error instanceof Error && ['NoSuchKey', 'InvalidObjectState', 'PreconditionFailed'].includes(error.name);
}
