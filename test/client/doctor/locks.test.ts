/** What `doctor` says of object lock, by a real server. */
import { S3Client } from '@aws-sdk/client-s3';
import { checkHidden } from '../../../client/doctor/hidden';
import { checkLock } from '../../../client/doctor/locks';
import { checkStore } from '../../../client/doctor/stores';
import type { S3StoreConfig } from '../../../domain/config/types';
import { openStore } from '../../../repository/stores/open';
import { type S3Server, startS3Server } from '../../support/s3-server';

let server: S3Server;
beforeAll(async () => {
  server = await startS3Server('probed', { lock: true });
});
afterAll(async () => await server?.stop());

async function check(mode: 'compliance' | 'governance' | undefined, bucket = server) {
  const { endpoint, accessKeyId, secretAccessKey } = bucket;
  const credentials = { accessKeyId, secretAccessKey };
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
  const thaw = { tier: 'Bulk', days: 7, wait: 1 } as const;
  const config: S3StoreConfig = { kind: 's3', bucket: bucket.bucket, region: 'us-east-1', endpoint, prefix: 'p', thaw };
  const store = openStore('s', { kind: 's3', bucket: bucket.bucket, endpoint, prefix: 'p', ...credentials });
  try {
    return await checkLock(store, client, config, mode);
  } finally {
    await store.close();
    client.destroy();
  }
}

test('in compliance mode nothing can be broken, and the probe of before is told of', async () => {
  expect(await check('compliance')).toEqual([
    { code: 'lock', level: 'ok', what: expect.stringContaining('compliance mode could be deleted') },
  ]);
  const [found, left] = await check('compliance');
  expect(found?.level).toBe('ok');
  expect(left).toMatchObject({ level: 'warning', what: '1 older probes are locked still' });
});

test('a locked backup without an entry in the catalog is named, hidden or not; one that failed is none', async () => {
  const { endpoint, bucket, accessKeyId, secretAccessKey } = server;
  const store = openStore('s', { kind: 's3', bucket, endpoint, prefix: 'h', accessKeyId, secretAccessKey });
  const lock = { mode: 'compliance', until: new Date(Date.now() + 60_000) } as const;
  for (const id of ['hidden', 'bare', 'known']) await store.put(`backups/${id}/sealed`, Buffer.from('x'), { lock });
  await store.put('backups/failed/packs/1', Buffer.from('x'), { lock });
  await store.put('catalog/heads/known.json', Buffer.from('{}'));
  await store.locks?.hide('backups/hidden/sealed');
  await store.locks?.hide('backups/known/sealed'); // that is for verify to say
  const found = await checkHidden(store);
  expect(found).toMatchObject({ level: 'error', what: '2 locked backups are not in the catalog: bare, hidden' });
  for (const id of ['hidden', 'bare']) await store.put(`catalog/heads/${id}.json`, Buffer.from('{}'));
  expect((await checkHidden(store)).level).toBe('ok');
  await store.close();
});

test('in governance mode it names what who may lift locks could do', async () => {
  const [found] = await check('governance');
  expect(found).toMatchObject({ code: 'lock', level: 'error' });
  expect(found?.what).toContain('its lock was shortened by who may lift locks, it was deleted by who may lift locks');
  expect(found?.hint).toContain('s3:BypassGovernanceRetention');
});

test('where nothing is to be locked nothing is tried, and a bucket without locks is a problem', async () => {
  expect(await check(undefined)).toEqual([]);
  const plain = await startS3Server('plain');
  expect(await check('compliance', plain)).toEqual([
    expect.objectContaining({ code: 'lock_unsupported', level: 'error' }),
  ]);
  await plain.stop();
});

test('a bucket that is asked for in another region than its own answers, and it is said what is wrong', async () => {
  const { endpoint, bucket, accessKeyId, secretAccessKey } = server;
  Object.assign(process.env, { DOCTOR_ACCESS: accessKeyId, DOCTOR_SECRET: secretAccessKey });
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the configuration names secrets so
  const secrets = { accessKeyId: '${env:DOCTOR_ACCESS}', secretAccessKey: '${env:DOCTOR_SECRET}' };
  const thaw = { tier: 'Bulk', days: 7, wait: 1 } as const;
  const config: S3StoreConfig = { kind: 's3', bucket, region: 'eu-west-1', endpoint, prefix: '', thaw, ...secrets };
  const found = await checkStore('west', config);
  expect(found.at(-1)).toMatchObject({ level: 'error', what: expect.stringContaining('region eu-west-1') });
});
