/** A real S3 server with a bucket in the demo's folder, for `--s3`. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { HoldfastError } from '../../domain/errors';
import type { StoreChoice } from './stage';

const bucket = 'bank-backups';
const startWithinMs = 15_000;

export async function s3Store(folder: string): Promise<StoreChoice> {
  const program = process.env['HOLDFAST_VERSITYGW'];
  if (!program) {
    throw new HoldfastError('missing_part', 'there is no S3 server on this machine', {
      hints: ['run the demo as `npm run demo -- --s3`, which fetches one'],
    });
  }
  const credentials = { accessKeyId: 'demo', secretAccessKey: randomBytes(16).toString('hex') };
  const endpoint = `http://127.0.0.1:${await freePort()}`;
  await start(program, folder, endpoint, credentials);
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  client.destroy();
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the configuration names secrets so
  const secrets = { accessKeyId: '${env:DEMO_S3_ACCESS}', secretAccessKey: '${env:DEMO_S3_SECRET}' };
  return {
    config: { kind: 's3', endpoint, bucket, region: 'us-east-1', ...secrets },
    env: { DEMO_S3_ACCESS: credentials.accessKeyId, DEMO_S3_SECRET: credentials.secretAccessKey },
  };
}

async function start(
  program: string,
  folder: string,
  endpoint: string,
  { accessKeyId, secretAccessKey }: { accessKeyId: string; secretAccessKey: string },
): Promise<void> {
  const home = path.join(folder, 's3');
  for (const name of ['iam', 'versions', 'objects']) mkdirSync(path.join(home, name), { recursive: true });
  const log = openSync(path.join(home, 'server.log'), 'a');
  const front = ['--port', endpoint.replace('http://', ''), '--iam-dir', path.join(home, 'iam'), '--quiet'];
  const back = ['posix', '--versioning-dir', path.join(home, 'versions'), path.join(home, 'objects')];
  const child = spawn(program, [...front, '--health', '/healthz', ...back], {
    cwd: folder,
    // Secrets go by the environment: arguments are for everybody to see.
    env: { PATH: process.env['PATH'], ROOT_ACCESS_KEY: accessKeyId, ROOT_SECRET_KEY: secretAccessKey },
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  child.on('error', () => undefined);
  child.unref();
  for (const limit = Date.now() + startWithinMs; Date.now() < limit && child.exitCode === null; await sleep(50)) {
    if ((await fetch(`${endpoint}/healthz`).catch(() => undefined))?.ok) return;
  }
  throw new HoldfastError('missing_part', 'the S3 server does not start', {
    hints: [readFileSync(path.join(home, 'server.log'), 'utf8').trim()],
  });
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, 'close');
  return port;
}
