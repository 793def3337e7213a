/** Object lock against a real server: what is locked is refused to everybody, and what is not really goes. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  PutObjectLegalHoldCommand,
  PutObjectRetentionCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { openStore, type S3StoreConfig } from '../../../repository/stores/open';
import type { S3Store } from '../../../repository/stores/s3';
import { deleteVersions, listVersions, type Version } from '../../../repository/stores/s3-versions';
import { clientOf, type S3Server, startS3Server } from '../../support/s3-server';
import { collect, storeConformance } from './conformance';

let server: S3Server;
let admin: S3Client;
let stores = 0;

beforeAll(async () => {
  server = await startS3Server('locked', { lock: true });
  admin = clientOf(server);
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

  test('who extends at the same time as others meets no refusal, and the latest end counts', async () => {
    await store.put('a', Buffer.from('x'), { lock: { mode: 'compliance', until: inSeconds(60) } });
    const ends = Array.from({ length: 12 }, (_, at) => inSeconds(100 + ((at * 7) % 12)));
    await Promise.all(ends.map((until) => store.locks.extendLock('a', { mode: 'compliance', until })));
    const latest = Math.max(...ends.map((end) => end.getTime()));
    expect(Math.abs(((await store.locks.lockOf('a'))?.until.getTime() ?? 0) - latest)).toBeLessThan(1000);
  });

  test('by a clock of this host that is a day ahead no lock has ended', async () => {
    const lock = { mode: 'compliance', until: inSeconds(60) } as const;
    await store.put('b/a', Buffer.from('right'), { lock });
    await admin.send(new DeleteObjectCommand({ Bucket: server.bucket, Key: `${prefix}b/a` }));
    const [now, earlier] = [Date.now() + 86_400_000, inSeconds(30)];
    jest.spyOn(Date, 'now').mockImplementation(() => now);
    try {
      expect((await store.locks.lastLockOf('b/a'))?.mode).toBe('compliance');
      expect(await store.locks.uncover('b/')).toBe(1);
      const before = await store.locks.lockOf('b/a');
      await store.locks.extendLock('b/a', { mode: 'compliance', until: earlier });
      expect(await store.locks.lockOf('b/a')).toEqual(before);
    } finally {
      jest.restoreAllMocks();
    }
  });

  test('what comes back is locked as long as any of its versions', async () => {
    await store.put('b/a', Buffer.from('right'), { lock: { mode: 'compliance', until: inSeconds(60) } });
    await store.put('b/a', Buffer.from('wrong'), { lock: { mode: 'governance', until: inSeconds(300) } });
    expect(await store.locks.uncover('b/')).toBe(1);
    expect((await store.get('b/a')).toString()).toBe('right');
    const lock = await store.locks.lockOf('b/a');
    expect(lock?.mode).toBe('compliance');
    expect(lock?.until.getTime()).toBeGreaterThan(inSeconds(200).getTime());
  });

  test('what the service holds by a legal hold of its own is not hidden by a deletion', async () => {
    await store.put('a', Buffer.from('held'));
    const held = { Bucket: server.bucket, Key: `${prefix}a` };
    await admin.send(new PutObjectLegalHoldCommand({ ...held, LegalHold: { Status: 'ON' } }));
    await expect(store.delete(['a'])).rejects.toMatchObject({ code: 'object_locked' });
    expect((await store.get('a')).toString()).toBe('held');
    await admin.send(new PutObjectLegalHoldCommand({ ...held, LegalHold: { Status: 'OFF' } }));
    await store.delete(['a']);
    expect(await versions()).toEqual([]);
  });

  test('folders in which everything is hidden are told too', async () => {
    for (const key of ['b/one/x', 'b/two/x']) await store.put(key, Buffer.from('x'));
    await store.locks.hide('b/one/x');
    const told: string[] = [];
    for await (const name of store.locks.everFolders('b/')) told.push(name);
    expect(told).toEqual(['one', 'two']);
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

  test('its oldest version goes first: while it goes, and when that is cut off, no older state of it is read', async () => {
    for (const text of ['one', 'two', 'three']) await store.put('a', Buffer.from(text));
    const found: Version[] = [];
    for await (const version of listVersions(admin, server.bucket, prefix)) found.push(version);
    const asked = jest.spyOn(admin, 'send');
    await deleteVersions(admin, server.bucket, found);
    const named = asked.mock.calls.flatMap(([command]) =>
      command instanceof DeleteObjectsCommand ? (command.input.Delete?.Objects ?? []) : [],
    );
    jest.restoreAllMocks();
    expect(named.map(({ VersionId }) => VersionId)).toEqual(found.map(({ versionId }) => versionId).reverse());
    expect(found[0]?.latest).toBe(true);
    expect(await versions()).toEqual([]);
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
