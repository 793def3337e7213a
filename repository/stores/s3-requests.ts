import { DeleteObjectsCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { HoldfastError } from '../../domain/errors';

/** How many keys one DeleteObjects request may name. */
const deleteBatch = 1000;

export async function deleteAll(client: S3Client, bucket: string, keys: string[]): Promise<void> {
  for (let at = 0; at < keys.length; at += deleteBatch) {
    const answer = await client.send(
      new DeleteObjectsCommand({
        Bucket: bucket,
        Delete: { Objects: keys.slice(at, at + deleteBatch).map((Key) => ({ Key })), Quiet: true },
      }),
    );
    const refused = (answer.Errors ?? []).find((one) => one.Code !== 'NoSuchKey');
    if (refused !== undefined) {
      throw new HoldfastError('store_denied', `the store did not delete an object: ${refused.Code}`, {
        where: refused.Key,
        hints: ['a locked object goes when its lock ends; otherwise the credentials need the right to delete'],
      });
    }
  }
}

/** The service's clock, to the second, from the `Date` of its answer. */
export async function storeClock(client: S3Client, bucket: string, prefix: string): Promise<Date> {
  const command = new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, MaxKeys: 1 });
  let date: string | undefined;
  command.middlewareStack.add(
    (next) => async (request) => {
      const answer = await next(request);
      date = headerDate(answer.response);
      return answer;
    },
    { step: 'deserialize', priority: 'low', name: 'readClock' },
  );
  await client.send(command);
  const clock = new Date(date ?? Number.NaN);
  if (!Number.isNaN(clock.getTime())) return clock;
  throw new HoldfastError('store_unavailable', 'the store does not say what time it is', { where: bucket });
}

function headerDate(response: unknown): string | undefined {
  if (typeof response !== 'object' || response === null || !('headers' in response)) return undefined;
  return (response.headers as Record<string, string>)['date'];
}
