/** A real S3 server behind the counting proxy: everything works as without it, and each request is counted once, failed ones too. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import https from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { type CountingProxy, startCountingProxy } from '../../bench/counting-proxy';
import { startTlsS3, type TlsS3 } from '../../bench/s3';
import { RequestTally, requestKinds } from '../../bench/s3-requests';

const dir = mkdtempSync(path.join(tmpdir(), 'hf-count-'));
const tally = new RequestTally();
const bucket = { Bucket: 'counted' };
let s3: TlsS3;
let proxy: CountingProxy;
let client: S3Client;

beforeAll(async () => {
  s3 = await startTlsS3(dir);
  await s3.makeBucket(bucket.Bucket);
  proxy = await startCountingProxy(s3, (method, url) => tally.count(method, url));
  const { accessKeyId, secretAccessKey, certificate } = s3;
  client = new S3Client({
    ...{ endpoint: proxy.endpoint, region: 'us-east-1', forcePathStyle: true, maxAttempts: 1 },
    credentials: { accessKeyId, secretAccessKey },
    requestHandler: new NodeHttpHandler({ httpsAgent: new https.Agent({ ca: readFileSync(certificate) }) }),
  });
});
afterAll(async () => {
  client?.destroy();
  await proxy?.stop();
  await s3?.stop();
  rmSync(dir, { recursive: true, force: true });
});
beforeEach(() => tally.clear());

const counts = () => Object.fromEntries(requestKinds.map((kind) => [kind, tally.of(kind)]));
const none = Object.fromEntries(requestKinds.map((kind) => [kind, 0]));

test('what is put comes back, and each kind is counted', async () => {
  const small = randomBytes(1000);
  // So large that the client asks for leave before it sends the body.
  const large = randomBytes(3 << 20);
  await client.send(new PutObjectCommand({ ...bucket, Key: 'a/small', Body: small }));
  await client.send(new PutObjectCommand({ ...bucket, Key: 'a/large', Body: large }));
  const got = await client.send(new GetObjectCommand({ ...bucket, Key: 'a/large' }));
  expect(large.equals((await got.Body?.transformToByteArray()) ?? Buffer.alloc(0))).toBe(true);
  const head = await client.send(new HeadObjectCommand({ ...bucket, Key: 'a/small' }));
  expect(head.ContentLength).toBe(small.length);
  const list = await client.send(new ListObjectsV2Command({ ...bucket, Prefix: 'a/' }));
  expect(list.Contents?.map(({ Key }) => Key)).toEqual(['a/large', 'a/small']);
  expect(counts()).toEqual({ ...none, PUT: 2, GET: 1, HEAD: 1, LIST: 1 });
  await client.send(new DeleteObjectCommand({ ...bucket, Key: 'a/small' }));
  await client.send(new DeleteObjectsCommand({ ...bucket, Delete: { Objects: [{ Key: 'a/large' }] } }));
  expect((await client.send(new ListObjectsV2Command(bucket))).KeyCount).toBe(0);
  expect(counts()).toEqual({ ...none, PUT: 2, GET: 1, HEAD: 1, LIST: 2, DELETE: 1, POST: 1 });
});

test('what the service refuses is counted and comes back as the refusal', async () => {
  await expect(client.send(new GetObjectCommand({ ...bucket, Key: 'nothing' }))).rejects.toMatchObject({
    name: 'NoSuchKey',
  });
  await expect(client.send(new HeadObjectCommand({ ...bucket, Key: 'nothing' }))).rejects.toMatchObject({
    $metadata: { httpStatusCode: 404 },
  });
  const put = { ...bucket, Key: 'once', Body: 'x', IfNoneMatch: '*' };
  await client.send(new PutObjectCommand(put));
  await expect(client.send(new PutObjectCommand(put))).rejects.toMatchObject({
    $metadata: { httpStatusCode: 412 },
  });
  expect(counts()).toEqual({ ...none, GET: 1, HEAD: 1, PUT: 2 });
});

test('many at once are each counted', async () => {
  const keys = Array.from({ length: 40 }, (_, n) => `many/${n}`);
  await Promise.all(keys.map((Key) => client.send(new PutObjectCommand({ ...bucket, Key, Body: Key }))));
  const bodies = await Promise.all(
    keys.map(async (Key) => (await client.send(new GetObjectCommand({ ...bucket, Key }))).Body?.transformToString()),
  );
  expect(bodies).toEqual(keys);
  expect(counts()).toEqual({ ...none, PUT: 40, GET: 40 });
});
