import { S3Client } from '@aws-sdk/client-s3';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { S3StoreConfig } from './open';

/**
 * Limits of one request. A dead endpoint is told within about 15 s: connecting is given 3 s, a silent socket 7 s (a slow one that still
 * moves bytes is not silent; the handler begins to watch 3 s late), two attempts each. Whoever called tries again by its own policy.
 */
const connectionTimeout = 3000;
const socketTimeout = 4000;
export const maxAttempts = 2;
const sockets = 32;

const nothing = () => undefined;
const silent = { trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing };

export function makeClient(config: S3StoreConfig): S3Client {
  const { accessKeyId, secretAccessKey } = config;
  const agent = { keepAlive: true, maxSockets: sockets };
  return new S3Client({
    region: config.region ?? 'us-east-1',
    endpoint: config.endpoint,
    forcePathStyle: config.forcePathStyle ?? config.endpoint !== undefined,
    credentials:
      accessKeyId !== undefined && secretAccessKey !== undefined ? { accessKeyId, secretAccessKey } : undefined,
    maxAttempts,
    // whatever it would log is also thrown, and told in our words
    logger: silent,
    // the checksum is ours: SHA-256, computed once, when the object was built
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: new NodeHttpHandler({
      connectionTimeout,
      socketTimeout,
      httpAgent: agent,
      httpsAgent: agent,
    }),
  });
}
