import { Readable } from 'node:stream';
import { DeleteObjectsCommand, ListObjectsV2Command, type PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { HoldfastError } from '../../domain/errors';
import { maxAttempts } from './s3-client';

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

const pieceBytes = 256 * 1024;
const wholeUpTo = 4 * pieceBytes;

/** Large bodies go out piece by piece: given in one, a body is encrypted in one, and lies in memory once more until it is sent. */
export function bodyOf(bytes: Uint8Array): Uint8Array | Readable {
  if (bytes.byteLength <= wholeUpTo) return bytes;
  return Readable.from(piecesOf(bytes), { objectMode: false, highWaterMark: pieceBytes });
}

function* piecesOf(bytes: Uint8Array): Generator<Buffer> {
  for (let at = 0; at < bytes.byteLength; at += pieceBytes) {
    yield Buffer.from(bytes.buffer, bytes.byteOffset + at, Math.min(pieceBytes, bytes.byteLength - at));
  }
}

/** The client tries no stream a second time, so whoever sends one has to. */
export function attemptsAt(bytes: Uint8Array): number {
  return bytes.byteLength <= wholeUpTo ? 1 : maxAttempts;
}

/** Signs with the SHA-256 (hex) that is known: the client would hash the whole body for it, on the event loop. */
export function withKnownHash(command: PutObjectCommand, sha256: string): PutObjectCommand {
  command.middlewareStack.add(
    (next) => (request) => {
      headersOf(request.request)['x-amz-content-sha256'] = sha256;
      return next(request);
    },
    { step: 'build', name: 'signWithKnownHash' },
  );
  return command;
}

function headersOf(request: unknown): Record<string, string> {
  return (request as { headers: Record<string, string> }).headers;
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
