/** Can each store be written, does it honour conditional writes, is it what the configuration says? */
import { HeadBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { openConfiguredStore } from '../../components/config-file/open-repository';
import { resolveSecret } from '../../components/config-file/secrets';
import type { LockMode } from '../../domain/backup';
import type { S3StoreConfig, StoreConfig } from '../../domain/config/types';
import type { Store } from '../../repository/store';
import { checkClock } from './clock';
import { type Finding, findingOf, ok, problem } from './finding';
import { checkFreeSpace } from './free-space';
import { checkHidden } from './hidden';
import { checkLock } from './locks';

/** @param lock how backups are to be locked there; undefined: not at all */
export async function checkStore(name: string, config: StoreConfig, lock?: LockMode): Promise<Finding[]> {
  const before = config.kind === 's3' ? await checkBucket(config) : [await checkFreeSpace(config.path)];
  // What the bucket check found explains why a trial would fail.
  if (before.some(({ level }) => level === 'error')) return before;
  const store = await openConfiguredStore(name, config);
  try {
    await store.probe();
    const written = ok('store', `${store.location} can be written, and honours conditional writes`);
    const clock = await checkClock(`the store ${name}`, () => store.clock());
    return [...before, written, clock, ...(config.kind === 's3' ? await checkLocks(store, config, lock) : [])];
  } catch (error) {
    return [...before, findingOf(error)];
  } finally {
    await store.close();
  }
}

async function checkLocks(store: Store, config: S3StoreConfig, lock: LockMode | undefined): Promise<Finding[]> {
  const client = await clientOf(config);
  try {
    const found = await checkLock(store, client, config, lock);
    return lock !== undefined && (await store.locks?.supported()) ? [...found, await checkHidden(store)] : found;
  } finally {
    client.destroy();
  }
}

async function checkBucket(config: S3StoreConfig): Promise<Finding[]> {
  const client = await clientOf(config);
  try {
    const identity = await identityOf(client);
    if (identity.level === 'error') return [identity];
    return [identity, await regionOf(client, config.bucket, config.region)];
  } finally {
    client.destroy();
  }
}

async function clientOf({ region, endpoint, accessKeyId, secretAccessKey }: S3StoreConfig): Promise<S3Client> {
  const credentials =
    accessKeyId !== undefined && secretAccessKey !== undefined
      ? { accessKeyId: await resolveSecret(accessKeyId), secretAccessKey: await resolveSecret(secretAccessKey) }
      : undefined;
  return new S3Client({ region, endpoint, forcePathStyle: endpoint !== undefined, credentials, maxAttempts: 2 });
}

/** Who the store will see: the end of the access key's id, which is no secret. */
async function identityOf(client: S3Client): Promise<Finding> {
  try {
    const { accessKeyId } = await client.config.credentials();
    return ok('cloud_identity', `credentials were found: access key …${accessKeyId.slice(-4)}`);
  } catch {
    const hint =
      'set accessKeyId and secretAccessKey as references, or what the AWS default chain reads (AWS_PROFILE, instance role …)';
    return problem('store_denied', 'no credentials were found', hint);
  }
}

async function regionOf(client: S3Client, bucket: string, region: string): Promise<Finding> {
  try {
    const { BucketRegion: found } = await client.send(new HeadBucketCommand({ Bucket: bucket }));
    if (found === undefined || found === region) return ok('bucket', `the bucket ${bucket} is in ${region}`);
    return elsewhere(bucket, region, found);
  } catch (error) {
    const { $metadata, $response } = error as {
      $metadata?: { httpStatusCode?: number };
      $response?: { headers?: Record<string, string> };
    };
    const status = $metadata?.httpStatusCode;
    const found = $response?.headers?.['x-amz-bucket-region'];
    if (found !== undefined && found !== region) return elsewhere(bucket, region, found);
    if (status === 404)
      return problem('store_denied', `there is no bucket ${bucket}`, 'create it, or correct its name');
    if (status === 403)
      return problem(
        'store_denied',
        `the bucket ${bucket} may not be used`,
        'allow these credentials s3:ListBucket, s3:GetObject, s3:PutObject and s3:DeleteObject',
      );
    // The answer to HEAD has no body that could say why; a service that tells no region refuses the signature for another one so.
    if (status === 400 || status === 301)
      return problem(
        'store_denied',
        `the store refuses what is signed for the region ${region}`,
        'set the region of the bucket, or the one that the service at this endpoint is set up for',
      );
    return problem(
      'store_unavailable',
      `the store of the bucket ${bucket} ${status === undefined ? 'does not answer' : `answered ${status}`}`,
      'check endpoint and network',
    );
  }
}

function elsewhere(bucket: string, region: string, found: string): Finding {
  return problem('store_denied', `the bucket ${bucket} is in ${found}, not in ${region}`, `set region: ${found}`);
}
