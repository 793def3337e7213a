import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { KeySource } from '../../repository/crypto/key-source';
import { keyInHand, type MasterKey, openMasterKey } from '../../repository/crypto/master-key';
import { addMasterKey, listMasterKeys, retireMasterKey, unopenedBy } from '../../repository/master-keys';
import type { Repository } from '../../repository/repository';
import type { PutOptions, Store } from '../../repository/store';
import { StoreAround } from '../../repository/stores/around';
import { kmsToTest } from '../support/kms-elsewhere';
import type { KmsServer } from '../support/kms-server';
import { filesBelow, folder, keyFile, makeBackup, open, removeAll } from './made';

let kms: KmsServer;
beforeAll(async () => {
  kms = await kmsToTest();
  if (kms.endpoint === 'aws') return;
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_KMS: kms.endpoint,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  });
});
afterAll(async () => {
  await kms.stop();
  await removeAll();
});

const sources = [
  ['a key file', keyFile],
  ['a key of a key service', async () => ({ kind: 'kms' as const, keyId: await kms.makeKey() })],
] as const;

async function made(roots: string[], keySource: Awaited<ReturnType<(typeof sources)[number][1]>>) {
  const repository = await open({ roots, keySource });
  const key = (await openMasterKey(keySource)) as MasterKey;
  return { repository, key, stores: storesOf(repository), ids: repository.keys.metadata.toString('hex') };
}

function storesOf({ copies }: Repository) {
  return copies.map(({ store }) => store);
}

describe.each(sources)('%s', (_, make) => {
  test('opens the repository that it made, and another one does not', async () => {
    const roots = [await folder()];
    const source = await make();
    const { ids, repository } = await made(roots, source);
    await makeBackup(repository.copy(), 'shop_full_20260101_000000');
    const again = await open({ roots, keySource: source, create: false });
    expect(again.keys.metadata.toString('hex')).toBe(ids);
    await expect(open({ roots, keySource: await make(), create: false })).rejects.toMatchObject({ code: 'key_wrong' });
  });

  test('is replaced by another one, and no object but its own and the description is touched', async () => {
    const roots = [await folder(), await folder()];
    const [old, fresh] = [await make(), await keyFile()];
    const { stores, key, ids, repository } = await made(roots, old);
    await makeBackup(repository.copy(), 'shop_full_20260101_000000');
    const before = await objects(roots[0] as string);
    const added = (await openMasterKey(fresh)) as MasterKey;
    expect(await addMasterKey(stores, key, added)).toEqual(['s0', 's1']);
    expect(await addMasterKey(stores, key, added)).toEqual([]);
    await expect(retireMasterKey(stores, key, key.fingerprint)).rejects.toMatchObject({ code: 'key_still_needed' });
    expect(await retireMasterKey(stores, added, key.fingerprint)).toEqual({ stores: ['s0', 's1'], hidden: [] });
    expect((await open({ roots, keySource: fresh, create: false })).keys.metadata.toString('hex')).toBe(ids);
    await expect(open({ roots, keySource: old, create: false })).rejects.toMatchObject({ code: 'key_wrong' });
    expect(await objects(roots[0] as string)).toEqual(before);
    expect(await listMasterKeys(stores)).toMatchObject([{ fingerprint: added.fingerprint, lacking: [] }]);
  });

  test('that is damaged in the description is told', async () => {
    const roots = [await folder()];
    const source = await make();
    await made(roots, source);
    const file = path.join(roots[0] as string, 'repository.json');
    const description = JSON.parse(await readFile(file, 'utf8')) as { key: { wrapped: string } };
    const wrapped = Buffer.from(description.key.wrapped, 'base64');
    wrapped.writeUInt8(wrapped.readUInt8(wrapped.length - 5) ^ 1, wrapped.length - 5);
    description.key.wrapped = wrapped.toString('base64');
    await writeFile(file, JSON.stringify(description));
    await expect(open({ roots, keySource: source, create: false })).rejects.toMatchObject({
      code: 'checksum_mismatch',
    });
  });
});

test('what was cut off between two stores opens by either, and is finished by the next call', async () => {
  const roots = [await folder(), await folder()];
  const [old, fresh] = [await keyFile(), await keyFile()];
  const { stores, key, ids } = await made(roots, old);
  const added = (await openMasterKey(fresh)) as MasterKey;
  await addMasterKey(stores.slice(1), key, added);
  expect((await open({ roots, keySource: fresh, create: false })).keys.metadata.toString('hex')).toBe(ids);
  await expect(retireMasterKey(stores, added, key.fingerprint)).rejects.toMatchObject({ code: 'key_wrong' });
  expect(await listMasterKeys(stores)).toContainEqual({
    ...{ fingerprint: added.fingerprint, mode: 'file' },
    ...{ stores: ['s1'], lacking: ['s0'] },
  });
  expect(await addMasterKey(stores, added, added)).toEqual(['s0']);
  expect(await retireMasterKey(stores, added, key.fingerprint)).toEqual({ stores: ['s0', 's1'], hidden: [] });
});

test('keys that are added at the same time are all there', async () => {
  const roots = [await folder()];
  const { stores, key } = await made(roots, await keyFile());
  const others = await Promise.all(Array.from({ length: 3 }, async () => await openMasterKey(await keyFile())));
  await Promise.all(others.map((other) => addMasterKey(stores, key, other as MasterKey)));
  const known = (await listMasterKeys(stores)).map(({ fingerprint }) => fingerprint);
  for (const other of others) expect(known).toContain(other?.fingerprint);
});

test('a repository that is not encrypted has no keys to add', async () => {
  const repository = await open({ roots: [await folder()], keySource: { kind: 'none' } });
  const key = keyInHand(Buffer.alloc(32, 1));
  await expect(addMasterKey(storesOf(repository), key, key)).rejects.toMatchObject({ code: 'key_wrong' });
});

/** A store that takes so many writes and no more, as when the command is killed there. */
class CutOff extends StoreAround {
  constructor(
    inner: Store,
    private readonly left: { writes: number },
  ) {
    super(inner);
  }

  override async put(key: string, body: Uint8Array, options?: PutOptions): Promise<'created' | 'exists'> {
    if (this.left.writes-- <= 0) throw new Error('cut off');
    return await super.put(key, body, options);
  }

  override async delete(keys: string[]): Promise<void> {
    if (this.left.writes-- <= 0) throw new Error('cut off');
    await super.delete(keys);
  }
}

const done = async (work: Promise<unknown>) =>
  await work.then(
    () => true,
    () => false,
  );

test('cut off at any write of a replacement, each store opens by the key that is at hand, and the next call finishes it', async () => {
  let whole = false;
  let writes = 0;
  for (; !whole; writes++) {
    const roots = [await folder(), await folder()];
    const [old, fresh] = [await keyFile(), { kind: 'kms' as const, keyId: await kms.makeKey() }];
    const { stores, key, ids } = await made(roots, old);
    const added = (await openMasterKey(fresh)) as MasterKey;
    const opensEach = async (keySource: KeySource) => {
      const alone = roots.map((root) => open({ roots: [root], keySource, create: false }).catch(() => undefined));
      return (await Promise.all(alone)).map((one) => one?.keys.metadata.toString('hex') === ids);
    };
    const left = { writes };
    const cut = stores.map((store) => new CutOff(store, left));
    const isAdded = await done(addMasterKey(cut, key, added));
    // Until the adding is told as done the old one is configured, from then on the new one.
    if (!isAdded) expect(await opensEach(old)).toEqual([true, true]);
    if (!isAdded) await addMasterKey(stores, key, added);
    whole = isAdded && (await done(retireMasterKey(cut, added, key.fingerprint)));
    expect(await opensEach(fresh)).toEqual([true, true]);
    if (!whole) await retireMasterKey(stores, added, key.fingerprint);
    expect([await opensEach(fresh), await opensEach(old)]).toEqual([
      [true, true],
      [false, false],
    ]);
    expect(await listMasterKeys(stores)).toMatchObject([{ fingerprint: added.fingerprint, lacking: [] }]);
  }
  expect(writes - 1).toBe(6);
});

test('a key service that cannot be asked is told, with what helps', async () => {
  await expect(openMasterKey({ kind: 'kms', keyId: 'alias/nowhere' })).rejects.toMatchObject({
    code: 'key_unavailable',
    message: 'the key service answered NotFoundException',
    hints: [expect.stringContaining('kms:Decrypt'), expect.stringContaining('escrow')],
  });
});

const ours = process.env['HOLDFAST_TEST_KMS'] === undefined ? test : test.skip;

ours.each([
  [400, 'DisabledException'],
  [400, 'KMSInvalidStateException'],
  [400, 'AccessDeniedException'],
  [400, 'ExpiredTokenException'],
  [500, 'KMSInternalException'],
])(
  'a key service that answers %i %s is never taken for a wrong key or for damage, and is asked again',
  async (status, type) => {
    const roots = [await folder()];
    const source = { kind: 'kms' as const, keyId: await kms.makeKey() };
    await made(roots, source);
    kms.refuse({ status, type });
    try {
      await expect(open({ roots, keySource: source, create: false })).rejects.toMatchObject({
        ...{ code: 'key_unavailable', retryable: true, where: source.keyId },
        message: `the key service answered ${type}`,
      });
    } finally {
      kms.refuse();
    }
    await open({ roots, keySource: source, create: false });
  },
);

test('a store that joins between the adding of a key and the retiring of the other opens by each of them alone', async () => {
  const roots = [await folder(), await folder()];
  const [old, fresh, escrow] = [await keyFile(), await keyFile(), await keyFile()];
  const { stores, key, ids } = await made(roots.slice(0, 1), old);
  for (const source of [fresh, escrow]) await addMasterKey(stores, key, (await openMasterKey(source)) as MasterKey);
  await open({ roots, keySource: fresh });
  for (const keySource of [old, fresh, escrow]) {
    const alone = await open({ roots: roots.slice(1), keySource, create: false });
    expect(alone.keys.metadata.toString('hex')).toBe(ids);
  }
});

test('an entry that is damaged in one store keeps nobody out whom another store lets in', async () => {
  const roots = [await folder(), await folder()];
  const [old, fresh] = [await keyFile(), await keyFile()];
  const { stores, key, ids } = await made(roots, old);
  const added = (await openMasterKey(fresh)) as MasterKey;
  await addMasterKey(stores, key, added);
  await writeFile(path.join(roots[0] as string, 'keys', `${added.fingerprint}.json`), 'garbage');
  expect((await open({ roots, keySource: fresh, create: false })).keys.metadata.toString('hex')).toBe(ids);
  expect(await unopenedBy(stores, key, added)).toEqual(['s0']);
  expect(await addMasterKey(stores, added, added)).toEqual(['s0']);
  expect(await unopenedBy(stores, key, added)).toEqual([]);
});

async function objects(root: string): Promise<Record<string, string>> {
  const files = (await filesBelow(root)).filter(
    ({ path: name }) => name !== 'repository.json' && !name.startsWith('keys/'),
  );
  return Object.fromEntries(files.map(({ path: name, bytes }) => [name, bytes.toString('base64')]));
}
