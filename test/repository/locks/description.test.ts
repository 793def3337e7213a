/** What opens the repository is as safe as what it opens: on a real server with object lock, against who may do everything. */
import { DeleteObjectCommand, ListObjectVersionsCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { RepositoryCopy } from '../../../repository/copy';
import type { KeySource } from '../../../repository/crypto/key-source';
import { type MasterKey, openMasterKey } from '../../../repository/crypto/master-key';
import { refOf } from '../../../repository/documents';
import { lockDescription, uncoverDescription } from '../../../repository/locks/description';
import { lockAll } from '../../../repository/locks/extend';
import { lockedAsBefore } from '../../../repository/locks/keep';
import { addMasterKey, listMasterKeys, retireMasterKey } from '../../../repository/master-keys';
import { repairObject } from '../../../repository/repair';
import { Repository } from '../../../repository/repository';
import { openStore } from '../../../repository/stores/open';
import { clientOf, type S3Server, startS3Server } from '../../support/s3-server';
import { folder, keyFile, removeAll } from '../made';

let server: S3Server;
let admin: S3Client;
let prefixes = 0;
let prefix: string;
const opened: Repository[] = [];

beforeAll(async () => {
  server = await startS3Server('locked', { lock: true });
  admin = clientOf(server);
});
afterAll(async () => {
  await Promise.all(opened.map((one) => one.close()));
  admin?.destroy();
  await server?.stop();
  await removeAll();
});
beforeEach(() => {
  prefixes += 1;
  prefix = `r${prefixes}`;
});

async function open(keySource: KeySource, create = true): Promise<Repository> {
  const { endpoint, bucket, accessKeyId, secretAccessKey } = server;
  const store = openStore('s', { kind: 's3', endpoint, bucket, accessKeyId, secretAccessKey, prefix });
  const repository = await Repository.open({ stores: [store], keySource, system: 'shop', create });
  opened.push(repository);
  return repository;
}

async function keyOf(source: KeySource): Promise<MasterKey> {
  const key = await openMasterKey(source);
  if (key === undefined) throw new Error('no key');
  return key;
}

const inAnHour = () => ({ mode: 'compliance', until: new Date(Date.now() + 3_600_000) }) as const;
const at = (key: string) => ({ Bucket: server.bucket, Key: `${prefix}/${key}` });
const hide = (key: string) => admin.send(new DeleteObjectCommand(at(key)));
const garble = (key: string) => admin.send(new PutObjectCommand({ ...at(key), Body: 'garbage' }));

async function locked(keySource: KeySource, keys: string[] = []): Promise<RepositoryCopy> {
  const copy = (await open(keySource)).copy();
  await lockDescription(copy, inAnHour());
  await lockAll(copy, keys, inAnHour());
  return copy;
}

test('an administrator removes no version of it, and hidden it is found again: no other repository begins above it', async () => {
  const source = await keyFile();
  const { repositoryId, store } = await locked(source);
  const { Versions = [] } = await admin.send(
    new ListObjectVersionsCommand({ Bucket: server.bucket, Prefix: `${prefix}/repository.json` }),
  );
  expect(Versions).toHaveLength(1);
  const version = { ...at('repository.json'), VersionId: Versions[0]?.VersionId, BypassGovernanceRetention: true };
  await expect(admin.send(new DeleteObjectCommand(version))).rejects.toMatchObject({
    $metadata: { httpStatusCode: 403 },
  });
  await hide('repository.json');
  expect((await open(source)).repositoryId).toBe(repositoryId);
  expect((await store.locks?.lockOf('repository.json'))?.mode).toBe('compliance');
});

test('replaced by something else it opens nothing, is not locked in that state, and comes back', async () => {
  const source = await keyFile();
  const copy = await locked(source);
  await garble('repository.json');
  await expect(open(source)).rejects.toMatchObject({ code: 'invalid_backup' });
  await expect(lockDescription(copy, inAnHour())).rejects.toMatchObject({ code: 'invalid_backup' });
  expect(await uncoverDescription(copy.store, await keyOf(source))).toBe(1);
  expect((await open(source)).repositoryId).toBe(copy.repositoryId);
  expect(await uncoverDescription(copy.store, await keyOf(source))).toBe(0);
});

test('a key that takes the place of a locked one is locked as long, and the old one is hidden, which is told', async () => {
  const [old, fresh] = [await keyFile(), await keyFile()];
  const copy = await locked(old);
  const { store } = copy;
  const before = await store.locks?.lockOf('repository.json');
  const [first, second] = [await keyOf(old), await keyOf(fresh)];
  await addMasterKey([store], first, second);
  await lockDescription(copy, inAnHour());
  expect(await retireMasterKey([store], second, first.fingerprint)).toEqual({ stores: ['s'], hidden: [] });
  const after = await store.locks?.lockOf('repository.json');
  expect(after?.until.getTime()).toBeGreaterThanOrEqual(before?.until.getTime() ?? Number.NaN);
  await expect(open(old, false)).rejects.toMatchObject({ code: 'key_wrong' });
  // And back again: now the one that is retired has an entry of its own, which is locked.
  await addMasterKey([store], second, first);
  const { hidden } = await retireMasterKey([store], first, second.fingerprint);
  expect(hidden).toEqual([{ store: 's', until: expect.stringMatching(/^\d{4}-/) }]);
  expect((await listMasterKeys([store])).map(({ fingerprint }) => fingerprint)).toEqual([first.fingerprint]);
  await expect(open(fresh, false)).rejects.toMatchObject({ code: 'key_wrong' });
  expect((await open(old, false)).repositoryId).toBe(copy.repositoryId);
});

test('after a rotation the key that is there opens it again, whatever was put above its entries', async () => {
  const [old, fresh] = [await keyFile(), await keyFile()];
  const copy = await locked(old);
  const { store } = copy;
  const [first, second] = [await keyOf(old), await keyOf(fresh)];
  await addMasterKey([store], first, second);
  await lockDescription(copy, inAnHour());
  await retireMasterKey([store], second, first.fingerprint);
  await garble('repository.json');
  await garble(`keys/${second.fingerprint}.json`);
  await expect(open(fresh)).rejects.toMatchObject({ code: 'invalid_backup' });
  expect(await uncoverDescription(store, second)).toBe(2);
  expect((await open(fresh)).repositoryId).toBe(copy.repositoryId);
});

test('an entry that is damaged keeps nobody from adding the key again', async () => {
  const [source, escrow] = [await keyFile(), await keyOf(await keyFile())];
  const copy = await locked(source);
  const key = await keyOf(source);
  await addMasterKey([copy.store], key, escrow);
  await lockDescription(copy, inAnHour());
  await garble(`keys/${escrow.fingerprint}.json`);
  expect((await listMasterKeys([copy.store])).map(({ fingerprint }) => fingerprint)).toEqual([key.fingerprint]);
  expect(await addMasterKey([copy.store], key, escrow)).toEqual(['s']);
  expect(await copy.store.locks?.lockOf(`keys/${escrow.fingerprint}.json`)).toMatchObject({ mode: 'compliance' });
});

test.each(['replaced', 'deleted'] as const)(
  'what was locked and is %s is repaired locked, and stays so',
  async (how) => {
    const source = await keyFile();
    const copy = (await open(source)).copy();
    const other = openStore('t', { kind: 'dir', path: await folder() });
    const [key, bytes] = ['backups/b/packs/1', Buffer.from('right')];
    for (const store of [copy.store, other]) await store.put(key, bytes);
    await lockAll(copy, [key], inAnHour());
    await (how === 'replaced' ? garble(key) : hide(key));
    const to = await lockedAsBefore(copy);
    const from = { ...copy, store: other };
    expect(await repairObject([from], to, refOf(key, bytes))).toEqual({ key, store: 's', from: 't' });
    expect((await copy.store.get(key)).toString()).toBe('right');
    expect((await copy.store.locks?.lockOf(key))?.mode).toBe('compliance');
    expect(await copy.store.locks?.uncover('backups/')).toBe(0);
  },
);
