/** A real S3 server for tests, in a folder of its own: ended by its own pid, killed and started again on the same port and data. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { versitygw } from './parts';

export interface S3Server {
  endpoint: string;
  accessKeyId: string;
  secretAccessKey: string;
  bucket: string;
  /** Where the server keeps the bucket's objects. */
  folder: string;
  /** SIGKILL; the data stay. */
  kill(): Promise<void>;
  restart(): Promise<void>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

/** As its administrator. */
export function clientOf({ endpoint, accessKeyId, secretAccessKey }: Access): S3Client {
  const credentials = { accessKeyId, secretAccessKey };
  return new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
}

type Access = Pick<S3Server, 'endpoint' | 'accessKeyId' | 'secretAccessKey'>;

const startLimitMs = 15_000;

/** @param lock the bucket keeps versions, and its objects can be locked */
export async function startS3Server(bucket = 'holdfast', { lock = false } = {}): Promise<S3Server> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'holdfast-s3-'));
  await Promise.all(['iam', 'versions', 'data'].map((name) => mkdir(path.join(folder, name))));
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const accessKeyId = `test-${randomBytes(4).toString('hex')}`;
  const secretAccessKey = randomBytes(16).toString('hex');
  const start = async () => await launch(folder, port, accessKeyId, secretAccessKey);
  let server = await start();
  await makeBucket({ endpoint, accessKeyId, secretAccessKey, bucket }, lock);
  return {
    endpoint,
    accessKeyId,
    secretAccessKey,
    bucket,
    folder: path.join(folder, 'data', bucket),
    kill: async () => await end(server, 'SIGKILL'),
    restart: async () => {
      await end(server, 'SIGKILL');
      server = await start();
    },
    stop: async () => {
      await end(server, 'SIGTERM');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function launch(folder: string, port: number, access: string, secret: string): Promise<ChildProcess> {
  const at = (name: string) => path.join(folder, name);
  const own = ['--port', `127.0.0.1:${port}`, '--iam-dir', at('iam'), '--iam-cache-disable', '--quiet'];
  const data = ['--health', '/healthz', 'posix', '--versioning-dir', at('versions'), at('data')];
  // the secret goes by the environment: process arguments are for everybody to see
  const env = { ...process.env, ROOT_ACCESS_KEY: access, ROOT_SECRET_KEY: secret };
  const server = spawn(versitygw(), [...own, ...data], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  server.stderr?.on('data', (part: Buffer) => {
    said = (said + part.toString()).slice(-2000);
  });
  for (const limit = Date.now() + startLimitMs; Date.now() < limit; await pause(25)) {
    if (server.exitCode !== null) break;
    const answer = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => undefined);
    if (answer?.ok) return server;
  }
  await end(server, 'SIGKILL');
  throw new Error(`the S3 server does not start: ${said}`);
}

async function end(server: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const gone = once(server, 'exit');
  server.kill(signal);
  await gone;
}

async function makeBucket(where: Access & Pick<S3Server, 'bucket'>, lock: boolean): Promise<void> {
  const client = clientOf(where);
  await client.send(new CreateBucketCommand({ Bucket: where.bucket, ObjectLockEnabledForBucket: lock }));
  client.destroy();
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
