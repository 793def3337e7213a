/** Classes of storage, against a real server with an archive of ours before it: the server itself knows one class. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { openStore } from '../../../repository/stores/open';
import type { S3Store } from '../../../repository/stores/s3';
import { ArchiveProxy } from '../../support/archive-proxy';
import { type S3Server, startS3Server } from '../../support/s3-server';

let server: S3Server;
let archive: ArchiveProxy;
let store: S3Store;

beforeAll(async () => {
  server = await startS3Server('classes', { lock: true });
  archive = await ArchiveProxy.to(server.endpoint, 500);
  const { accessKeyId, secretAccessKey, bucket } = server;
  store = openStore('deep', {
    ...{ kind: 's3', bucket, accessKeyId, secretAccessKey, endpoint: archive.endpoint },
    storageClass: 'DEEP_ARCHIVE',
  }) as S3Store;
});
afterAll(async () => {
  await store?.close();
  await archive?.close();
  await server?.stop();
});

test('packs lie in the class of the store, and what must be readable at once does not', async () => {
  await store.put('backups/b/packs/1', Buffer.from('x'));
  await store.put('backups/b/sealed', Buffer.from('x'));
  expect(await store.classes.classOf('backups/b/packs/1')).toBe('DEEP_ARCHIVE');
  expect(await store.classes.classOf('backups/b/sealed')).toBe('STANDARD');
  expect(await store.classes.thawState('backups/b/sealed')).toBe('ready');
});

test('what is frozen is told of, asked for as often as one likes, and read when it is ready', async () => {
  const body = randomBytes(100_000);
  await store.put('backups/b/packs/2', body);
  await expect(store.get('backups/b/packs/2')).rejects.toMatchObject({ code: 'object_frozen', retryable: false });
  expect(await store.classes.thawState('backups/b/packs/2')).toBe('frozen');
  await store.classes.thaw('backups/b/packs/2', { tier: 'Bulk', days: 1 });
  await store.classes.thaw('backups/b/packs/2', { tier: 'Bulk', days: 1 });
  expect(archive.asked).toBe(1);
  expect(await store.classes.thawState('backups/b/packs/2')).toBe('thawing');
  await sleep(700);
  expect(await store.classes.thawState('backups/b/packs/2')).toBe('ready');
  expect((await store.get('backups/b/packs/2')).equals(body)).toBe(true);
});

test('an object changes its class in place, and keeps its bytes, checksum and lock', async () => {
  const until = new Date(Date.now() + 60_000);
  await store.put('backups/b/index', Buffer.from('abc'), { lock: { mode: 'compliance', until } });
  const before = await store.head('backups/b/index');
  await store.classes.changeClass('backups/b/index', 'GLACIER');
  expect(await store.classes.classOf('backups/b/index')).toBe('GLACIER');
  expect((await store.head('backups/b/index'))?.sha256).toBe(before?.sha256);
  expect((await store.locks.lockOf('backups/b/index'))?.mode).toBe('compliance');
});
