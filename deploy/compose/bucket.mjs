/** `bucket.mjs keep`: makes $S3_BUCKET with object lock when it is missing, then waits. `bucket.mjs check`: 0 when it is there, locked. */
import {
  CreateBucketCommand,
  GetObjectLockConfigurationCommand,
  HeadBucketCommand,
  S3Client,
} from '@aws-sdk/client-s3';

const Bucket = process.env.S3_BUCKET;
const client = new S3Client({ endpoint: process.env.S3_ENDPOINT, region: 'us-east-1', forcePathStyle: true });

async function isThere() {
  try {
    await client.send(new HeadBucketCommand({ Bucket }));
    return true;
  } catch (error) {
    if (error.$metadata?.httpStatusCode === 404) return false;
    throw error;
  }
}

async function isLocked() {
  const answer = await client.send(new GetObjectLockConfigurationCommand({ Bucket }));
  return answer.ObjectLockConfiguration?.ObjectLockEnabled === 'Enabled';
}

if (process.argv[2] === 'keep') {
  if (!(await isThere())) await client.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }));
  if (!(await isLocked())) throw new Error(`bucket ${Bucket} exists without object lock: choose another name`);
  console.error(`bucket ${Bucket} is there, with object lock`);
  const idle = setInterval(() => undefined, 60_000);
  for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => clearInterval(idle));
} else {
  process.exitCode = (await isThere()) && (await isLocked()) ? 0 : 1;
}
