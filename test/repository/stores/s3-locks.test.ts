/** Object lock against a real server: what is locked is refused to everybody, and what is not really goes. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  PutObjectRetentionCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { openStore, type S3StoreConfig } from '../../../repository/stores/open';
import type { S3Store } from '../../../repository/stores/s3';
import { type S3Server, startS3Server } from '../../support/s3-server';
import { collect, storeConformance } from './conformance';

let server: S3Server;
let admin: S3Client;
let stores = 0;

beforeAll(async () => {
  server = await startS3Server('locked', { lock: true });
  const { endpoint, accessKeyId, secretAccessKey } = server;
  const credentials = { accessKeyId, secretAccessKey };
  admin = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
});

afterAll(async () => {
  admin?.destroy();
  await server?.stop();
});

function config(): S3StoreConfig {
  const { endpoint, bucket, accessKeyId, secretAccessKey } = server;
  stores += 1;
  return { kind: 's3', endpoint, bucket, accessKeyId, secretAccessKey, prefix: `store-${stores}` };
}

storeConformance('an s3 store with object lock', async () => config());

describe('an s3 store with object lock', () => {
  const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000);
  let store: S3Store;
  let prefix: string;

  beforeEach(() => {
    const settings = config();
    prefix = `${settings.prefix}/`;
    store = openStore('locked', settings) as S3Store;
  });

  afterEach(async () => await store.close());

  async function versions(): Promise<{ Key?: string; VersionId?: string }[]> {
    const found = await admin.send(new ListObjectVersionsCommand({ Bucket: server.bucket, Prefix: prefix }));
    return [...(found.Versions ?? []), ...(found.DeleteMarkers ?? [])];
  }

  test('in compliance mode nobody deletes or shortens, not even who may do everything', async () => {
    await store.put('a', Buffer.from('kept'), { lock: { mode: 'compliance', until: inSeconds(60) } });
    const [version] = await versions();
    const object = { Bucket: server.bucket, Key: `${prefix}a`, VersionId: version?.VersionId };
    const refused = { $metadata: { httpStatusCode: 403 } };
    await expect(admin.send(new DeleteObjectCommand(object))).rejects.toMatchObject(refused);
    const bypassing = { ...object, BypassGovernanceRetention: true };
    await expect(admin.send(new DeleteObjectCommand(bypassing))).rejects.toMatchObject(refused);
    for (const Mode of ['COMPLIANCE', 'GOVERNANCE'] as const) {
      const shorter = { Mode, RetainUntilDate: inSeconds(30) };
      await expect(
        admin.send(new PutObjectRetentionCommand({ ...bypassing, Retention: shorter })),
      ).rejects.toMatchObject(refused);
    }
    expect((await store.get('a')).toString()).toBe('kept');
  });

  test('a lock is extended, and never shortened or softened', async () => {
    const [early, late] = [inSeconds(60), inSeconds(120)];
    await store.put('a', Buffer.from('x'), { lock: { mode: 'compliance', until: early } });
    await store.locks.extendLock('a', { mode: 'compliance', until: late });
    const extended = await store.locks.lockOf('a');
    expect(extended?.mode).toBe('compliance');
    expect(Math.abs((extended?.until.getTime() ?? 0) - late.getTime())).toBeLessThan(1000);
    await store.locks.extendLock('a', { mode: 'compliance', until: early });
    await store.locks.extendLock('a', { mode: 'governance', until: early });
    expect(await store.locks.lockOf('a')).toEqual(extended);
  });

  test('what is locked is refused by name and stays visible; the rest of the same request is gone', async () => {
    const until = inSeconds(4);
    await store.put('kept', Buffer.from('x'), { lock: { mode: 'compliance', until } });
    await store.put('gone', Buffer.from('x'));
    await expect(store.delete(['gone', 'kept'])).rejects.toMatchObject({
      code: 'object_locked',
      where: 'locked:kept',
      message: expect.stringMatching(/^an object is locked until \d{4}-/),
    });
    expect((await collect(store.list(''))).map(({ key }) => key)).toEqual(['kept']);
    await sleep(until.getTime() - Date.now() + 1500);
    await store.delete(['kept']);
    expect(await versions()).toEqual([]);
  });

  test('a deletion frees the older versions too, of the named keys alone', async () => {
    for (const text of ['one', 'two', 'three']) await store.put('some/a', Buffer.from(text));
    await store.put('some/ab', Buffer.from('x'));
    await store.put('some/b', Buffer.from('x'));
    expect(await versions()).toHaveLength(5);
    await store.delete(['some/a', 'some/b', 'some/none']);
    expect((await versions()).map(({ Key }) => Key)).toEqual([`${prefix}some/ab`]);
  });

  test('what somebody deleted or replaced is uncovered, as it was when it was locked', async () => {
    const lock = { mode: 'compliance', until: inSeconds(60) } as const;
    for (const key of ['b/deleted', 'b/replaced', 'b/both', 'b/sound']) {
      await store.put(key, Buffer.from(`right ${key}`), { lock });
    }
    const at = (key: string) => ({ Bucket: server.bucket, Key: `${prefix}${key}` });
    await admin.send(new DeleteObjectCommand(at('b/deleted')));
    await admin.send(new PutObjectCommand({ ...at('b/replaced'), Body: 'wrong' }));
    await admin.send(new PutObjectCommand({ ...at('b/both'), Body: 'wrong' }));
    await admin.send(new DeleteObjectCommand(at('b/both')));
    await expect(store.get('b/deleted')).rejects.toMatchObject({ code: 'object_not_found' });
    expect(await store.locks.uncover('b/')).toBe(3);
    for (const key of ['b/deleted', 'b/replaced', 'b/both', 'b/sound']) {
      expect((await store.get(key)).toString()).toBe(`right ${key}`);
    }
    expect(await store.locks.uncover('b/')).toBe(0);
  });

  test('a bucket without object lock says so', async () => {
    const plain = await startS3Server('plain');
    const { endpoint, accessKeyId, secretAccessKey, bucket } = plain;
    const other = openStore('plain', { kind: 's3', endpoint, bucket, accessKeyId, secretAccessKey });
    expect(await other.locks?.supported()).toBe(false);
    expect(await store.locks.supported()).toBe(true);
    await other.close();
    await plain.stop();
  });
});
