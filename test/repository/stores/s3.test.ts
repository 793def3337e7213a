import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import {
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { RepositoryCopy } from '../../../repository/copy';
import { isSound } from '../../../repository/repair';
import type { Store } from '../../../repository/store';
import { openStore, type S3StoreConfig } from '../../../repository/stores/open';
import { type S3Server, startS3Server } from '../../support/s3-server';
import { collect, storeConformance } from './conformance';

let server: S3Server;
let stores = 0;

beforeAll(async () => {
  server = await startS3Server();
});

afterAll(async () => await server?.stop());

function config(): S3StoreConfig {
  const { endpoint, bucket, accessKeyId, secretAccessKey } = server;
  stores += 1;
  return { kind: 's3', endpoint, bucket, accessKeyId, secretAccessKey, prefix: `/store-${stores}/` };
}

function sha256Of(bytes: string | Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

storeConformance('an s3 store', async () => config());

describe('an s3 store', () => {
  test('has the service keep the SHA-256 of what it was given', async () => {
    const store = openStore('s3', config());
    await store.put('a', Buffer.from('abc'));
    const sha256 = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    expect(await store.head('a')).toMatchObject({ bytes: 3, sha256 });
    await store.close();
  });

  test('drops uploads that nobody completed, below its prefix and begun before', async () => {
    const settings = config();
    const store = openStore('s3', settings);
    const client = new S3Client({
      ...{ endpoint: settings.endpoint, region: 'us-east-1', forcePathStyle: true },
      credentials: { accessKeyId: settings.accessKeyId ?? '', secretAccessKey: settings.secretAccessKey ?? '' },
    });
    for (const Key of [`${settings.prefix?.slice(1)}packs/a`, 'elsewhere/b']) {
      const which = { Bucket: settings.bucket, Key };
      const { UploadId } = await client.send(new CreateMultipartUploadCommand(which));
      await client.send(new UploadPartCommand({ ...which, UploadId, PartNumber: 1, Body: Buffer.alloc(1000) }));
    }
    const nothing = { objects: 0, bytes: 0 };
    const [past, future] = [new Date(0), new Date(Date.now() + 60_000)];
    expect(await store.dropUnfinished?.(past, { dryRun: false })).toEqual(nothing);
    expect(await store.dropUnfinished?.(future, { dryRun: true })).toEqual({ objects: 1, bytes: 1000 });
    expect(await store.dropUnfinished?.(future, { dryRun: false })).toEqual({ objects: 1, bytes: 1000 });
    expect(await store.dropUnfinished?.(future, { dryRun: false })).toEqual(nothing);
    const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: settings.bucket }));
    expect(Uploads.map(({ Key }) => Key)).toEqual(['elsewhere/b']);
    client.destroy();
    await store.close();
  });

  test('copies from another store of its service, which computes the checksum anew', async () => {
    const settings = config();
    const [from, to] = [openStore('from', settings), openStore('to', config())];
    const key = 'backups/b/packs/0';
    await from.put(key, Buffer.from('abc'));
    expect(await to.takeFrom?.(from, key)).toBe(true);
    expect(await to.head(key)).toMatchObject({ bytes: 3, sha256: sha256Of('abc') });
    // Behind the service's back: what it kept of the put says nothing of these bytes.
    await writeFile(path.join(server.folder, settings.prefix?.slice(1) ?? '', key), 'abd');
    expect(await to.takeFrom?.(from, key)).toBe(true);
    expect((await to.head(key))?.sha256).not.toBe(sha256Of('abc'));
    expect(await to.takeFrom?.(from, 'backups/b/packs/1')).toBe(false);
    await Promise.all([from.close(), to.close()]);
  });

  test('does not take the checksum of an upload in parts for one of the bytes', async () => {
    const settings = config();
    const [store, other] = [openStore('s3', settings), openStore('other', config())];
    const client = new S3Client({
      ...{ endpoint: settings.endpoint, region: 'us-east-1', forcePathStyle: true },
      credentials: { accessKeyId: settings.accessKeyId ?? '', secretAccessKey: settings.secretAccessKey ?? '' },
    });
    const which = { Bucket: settings.bucket, Key: `${settings.prefix?.slice(1)}a` };
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ ...which, ChecksumAlgorithm: 'SHA256' }));
    const bodies = [Buffer.alloc(5 * 2 ** 20, 1), Buffer.from('abc')];
    const Parts: CompletedPart[] = [];
    for (const [at, Body] of bodies.entries()) {
      const part = { ...which, UploadId, PartNumber: at + 1, Body, ChecksumAlgorithm: 'SHA256' as const };
      const { ETag, ChecksumSHA256 } = await client.send(new UploadPartCommand(part));
      Parts.push({ PartNumber: at + 1, ETag, ChecksumSHA256 });
    }
    await client.send(new CompleteMultipartUploadCommand({ ...which, UploadId, MultipartUpload: { Parts } }));
    const whole = Buffer.concat(bodies);
    const sound = async (at: Store, bytes: Buffer) => {
      const ref = { key: 'a', bytes: whole.length, sha256: sha256Of(bytes) };
      return await isSound({ store: at } as RepositoryCopy, ref);
    };
    expect(await other.takeFrom?.(store, 'a')).toBe(true);
    for (const one of [store, other]) {
      expect([undefined, sha256Of(whole)]).toContain((await one.head('a'))?.sha256);
      expect(await sound(one, whole)).toBe(true);
      expect(await sound(one, Buffer.alloc(whole.length))).toBe(false);
    }
    client.destroy();
    await Promise.all([store.close(), other.close()]);
  });

  test('keeps to its prefix', async () => {
    const one = openStore('one', config());
    const other = openStore('other', config());
    await one.put('a', Buffer.from('x'));
    expect(await collect(other.list(''))).toEqual([]);
    expect((await collect(one.list(''))).map(({ key }) => key)).toEqual(['a']);
    expect(one.location).toMatch(/^s3:\/\/holdfast\/store-\d+$/);
    await Promise.all([one.close(), other.close()]);
  });

  test('is unavailable while the server is dead, and right again when it is back', async () => {
    const store = openStore('s3', config());
    await store.put('kept', Buffer.from('x'));
    await server.kill();
    await expect(store.get('kept')).rejects.toMatchObject({ code: 'store_unavailable', retryable: true });
    await expect(store.put('new', Buffer.from('x'))).rejects.toMatchObject({ code: 'store_unavailable' });
    await server.restart();
    expect((await store.get('kept')).toString()).toBe('x');
    await store.close();
  });

  test('gives up on a server that takes the request and never answers', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const address = silent.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const store = openStore('s3', { ...config(), endpoint: `http://127.0.0.1:${port}` });
    await expect(store.get('a')).rejects.toMatchObject({ code: 'store_unavailable', retryable: true });
    await store.close();
    silent.close();
  }, 30_000);

  test('names wrong credentials and a missing bucket, and tells no secret', async () => {
    const wrong = openStore('s3', { ...config(), secretAccessKey: 'not-the-secret' });
    await expect(wrong.put('a', Buffer.from('x'))).rejects.toMatchObject({ code: 'store_denied', retryable: false });
    await expect(wrong.put('a', Buffer.from('x'))).rejects.not.toThrow(/not-the-secret/);
    const nowhere = openStore('s3', { ...config(), bucket: 'no-such-bucket' });
    await expect(nowhere.put('a', Buffer.from('x'))).rejects.toMatchObject({ code: 'store_denied' });
    await expect(nowhere.get('a')).rejects.toMatchObject({ code: 'store_denied' });
    await Promise.all([wrong.close(), nowhere.close()]);
  });
});
