/** An S3 server with TLS, since not every peer speaks S3 without: the same server and the same encryption for everybody. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { versitygw } from '../test/support/parts';
import { freePort } from '../test/support/postgres-host';
import { timed } from './timed';

export interface TlsS3 {
  endpoint: string;
  port: number;
  accessKeyId: string;
  secretAccessKey: string;
  /** PEM file of the certificate that signs the server's: its own. */
  certificate: string;
  /** PEM file of its key, for whoever stands in front of it. */
  key: string;
  /** Where the server keeps its buckets. */
  data: string;
  makeBucket(name: string): Promise<void>;
  stop(): Promise<void>;
}

export async function startTlsS3(dir: string): Promise<TlsS3> {
  const at = (name: string) => path.join(dir, name);
  for (const name of ['iam', 'versions', 'data']) mkdirSync(at(name), { recursive: true });
  const [certificate, key] = [at('server.crt'), at('server.key')];
  const subject = '-subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1';
  await timed(`openssl req -x509 -newkey rsa:2048 -nodes -days 3 ${subject} -keyout '${key}' -out '${certificate}'`);
  const port = await freePort();
  const [accessKeyId, secretAccessKey] = ['bench', randomBytes(16).toString('hex')];
  const server = spawn(
    versitygw(),
    [
      ...['--port', `127.0.0.1:${port}`, '--cert', certificate, '--key', key, '--iam-dir', at('iam')],
      // As S3 does. Left to itself this server ends each connection with its first answer, and every request pays for a new one.
      '--keep-alive',
      ...['--iam-cache-disable', '--quiet', 'posix', '--versioning-dir', at('versions'), at('data')],
    ],
    { env: { ...process.env, ROOT_ACCESS_KEY: accessKeyId, ROOT_SECRET_KEY: secretAccessKey }, stdio: 'ignore' },
  );
  const endpoint = `https://127.0.0.1:${port}`;
  const httpsAgent = new https.Agent({ ca: readFileSync(certificate) });
  const client = new S3Client({
    ...{ endpoint, region: 'us-east-1', forcePathStyle: true, credentials: { accessKeyId, secretAccessKey } },
    requestHandler: new NodeHttpHandler({ httpsAgent }),
  });
  const makeBucket = async (name: string) => {
    for (let attempt = 0; ; attempt++) {
      try {
        await client.send(new CreateBucketCommand({ Bucket: name }));
        return;
      } catch (error) {
        if (attempt === 100 || server.exitCode !== null) throw error;
        await pause(100); // it has only just been started
      }
    }
  };
  const stop = async () => {
    client.destroy();
    await end(server);
  };
  return { endpoint, port, accessKeyId, secretAccessKey, certificate, key, data: at('data'), makeBucket, stop };
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const gone = once(server, 'exit');
  server.kill('SIGTERM');
  await gone;
}
