/** Whether a tier's stores can lock is asked before anything is stored. */
import { SiteContext } from '../../../activities/context';
import { lockWishes } from '../../../activities/storage/lockable';
import { parseConfig } from '../../../domain/config/parse';
import { openStore } from '../../../repository/stores/open';
import { type S3Server, startS3Server } from '../../support/s3-server';

let plain: S3Server;
let locked: S3Server;
beforeAll(async () => {
  [plain, locked] = await Promise.all([startS3Server('plain'), startS3Server('locked', { lock: true })]);
  process.env.LOCKABLE_PLAIN = plain.secretAccessKey;
  process.env.LOCKABLE_LOCKED = locked.secretAccessKey;
  process.env.LOCKABLE_PLAIN_ID = plain.accessKeyId;
  process.env.LOCKABLE_LOCKED_ID = locked.accessKeyId;
});
afterAll(async () => {
  await Promise.all([plain?.stop(), locked?.stop()]);
});

function context(): SiteContext {
  const store = (name: string, { endpoint, bucket }: S3Server) => {
    const variable = `LOCKABLE_${name.toUpperCase()}`;
    const keys = `accessKeyId: "\${env:${variable}_ID}", secretAccessKey: "\${env:${variable}}"`;
    return `  ${name}: { kind: s3, bucket: ${bucket}, endpoint: "${endpoint}", ${keys} }\n`;
  };
  const text = `system: s
sites: { dc01: { components: { files: { kind: files, paths: [/etc] } } } }
stores:
${store('plain', plain)}${store('locked', locked)}tiers:
  monthly: { to: [locked, plain], immutable: { mode: governance, for: 2h } }
  daily: {}
`;
  return new SiteContext({ loaded: parseConfig(text, '/c/holdfast.yaml', {}), site: 'dc01', processQueue: 'p' });
}

const hour = 3_600_000;

test('a bucket without object lock is refused by name, and nothing is stored in it', async () => {
  await expect(lockWishes(context(), 'monthly', ['locked', 'plain'])).rejects.toMatchObject({
    code: 'lock_unsupported',
    message: expect.stringContaining('the store plain'),
    where: 's3://plain',
    exitCode: 2,
  });
  const { endpoint, bucket, accessKeyId, secretAccessKey } = plain;
  const store = openStore('plain', { kind: 's3', endpoint, bucket, accessKeyId, secretAccessKey });
  for await (const { key } of store.list('')) expect(key).toBeUndefined();
  await store.close();
});

test('one with it is taken as the tier says, and a tier that locks nothing asks nothing', async () => {
  const wish = { mode: 'governance', for: 2 * hour, provisional: 2 * hour };
  expect(await lockWishes(context(), 'monthly', ['locked'])).toEqual({ locked: wish });
  expect(await lockWishes(context(), 'daily', ['locked', 'plain'])).toBeUndefined();
});
