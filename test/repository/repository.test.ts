import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createDataKey, getDataKey } from '../../repository/data-key';
import { Repository } from '../../repository/repository';
import { openStore } from '../../repository/stores/open';
import { startS3Server } from '../support/s3-server';
import { folder, keyFile, open, removeAll } from './made';

afterAll(removeAll);

const none = { kind: 'none' } as const;

describe('a repository', () => {
  test('is made once, whoever races to make it, and is the same in every store', async () => {
    const roots = [await folder(), await folder()];
    const keySource = await keyFile();
    const opened = await Promise.all(Array.from({ length: 20 }, () => open({ roots, keySource })));
    expect(new Set(opened.map(({ repositoryId }) => repositoryId)).size).toBe(1);
    expect(new Set(opened.map(({ keys }) => keys.metadata.toString('hex'))).size).toBe(1);
    const [one, other] = await Promise.all(roots.map((root) => readFile(path.join(root, 'repository.json'), 'utf8')));
    expect(one).toBe(other);
  });

  test('is the same for sites that make it at once and name its stores in another order', async () => {
    const keySource = await keyFile();
    for (let round = 0; round < 2; round++) {
      const stores = ['hot', 'warm', 'cold'].map((name) => ({ name, path: '' }));
      for (const store of stores) store.path = path.join(await folder(), 'not yet there');
      const makers = Array.from({ length: 20 }, async (_, site) => {
        const named = [...stores.slice(site % 3), ...stores.slice(0, site % 3)];
        const opened = named.map((one) => openStore(one.name, { kind: 'dir', path: one.path }));
        return (await Repository.open({ stores: opened, keySource, system: 'shop', create: true })).repositoryId;
      });
      expect(new Set(await Promise.all(makers)).size).toBe(1);
    }
  });

  test('is made once in a bucket, too', async () => {
    const { endpoint, bucket, accessKeyId, secretAccessKey, stop } = await startS3Server();
    const config = { kind: 's3' as const, endpoint, bucket, accessKeyId, secretAccessKey, region: 'us-east-1' };
    const keySource = await keyFile();
    const makers = Array.from({ length: 20 }, async () => {
      const stores = ['a', 'b'].map((prefix) => openStore(prefix, { ...config, prefix }));
      const repository = await Repository.open({ stores, keySource, system: 'shop', create: true });
      await repository.close();
      return repository.repositoryId;
    });
    const ids = await Promise.allSettled(makers);
    await stop();
    expect(ids.filter(({ status }) => status === 'rejected')).toEqual([]);
    expect(new Set(ids.map((one) => (one.status === 'fulfilled' ? one.value : ''))).size).toBe(1);
  });

  test('is not made by those who only want to read', async () => {
    const root = await folder();
    await expect(open({ roots: [root], keySource: none, create: false })).rejects.toMatchObject({
      code: 'backup_not_found',
    });
  });

  test('takes a new, empty store in, and refuses one that holds another repository', async () => {
    const [first, second, foreign] = [await folder(), await folder(), await folder()];
    const { repositoryId } = await open({ roots: [first], keySource: none });
    await open({ roots: [foreign], keySource: none });
    expect((await open({ roots: [second, first], keySource: none })).repositoryId).toBe(repositoryId);
    expect((await open({ roots: [second], keySource: none, create: false })).repositoryId).toBe(repositoryId);
    await expect(open({ roots: [first, foreign], keySource: none })).rejects.toMatchObject({
      code: 'repository_format',
    });
  });

  test('names a wrong key, a missing one, and one too many', async () => {
    const [locked, plain] = [await folder(), await folder()];
    await open({ roots: [locked], keySource: await keyFile() });
    await open({ roots: [plain], keySource: none });
    const wrong = { code: 'key_wrong', exitCode: 2 };
    await expect(open({ roots: [locked], keySource: await keyFile() })).rejects.toMatchObject(wrong);
    await expect(open({ roots: [locked], keySource: none })).rejects.toMatchObject(wrong);
    await expect(open({ roots: [plain], keySource: await keyFile() })).rejects.toMatchObject(wrong);
  });

  test('of another system is refused', async () => {
    const root = await folder();
    await open({ roots: [root], keySource: none });
    await expect(open({ roots: [root], keySource: none, system: 'other' })).rejects.toMatchObject({
      code: 'repository_format',
    });
  });

  test('notices a description that was tampered with', async () => {
    const root = await folder();
    const keySource = await keyFile();
    await open({ roots: [root], keySource });
    const file = path.join(root, 'repository.json');
    const text = await readFile(file, 'utf8');
    const at = text.indexOf('wrapped') + 30;
    // Another letter of base64: the text stays one.
    await writeFile(file, `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`);
    await expect(open({ roots: [root], keySource })).rejects.toMatchObject({ code: 'checksum_mismatch' });
  });

  test('opens with the stores that are there, and names the others', async () => {
    const [first, gone] = [await folder(), await folder()];
    const { repositoryId } = await open({ roots: [first, gone], keySource: none });
    await rm(gone, { recursive: true });
    const repository = await open({ roots: [gone, first], keySource: none, create: false });
    expect(repository.repositoryId).toBe(repositoryId);
    expect(repository.copies.map(({ store }) => store.name)).toEqual(['s1']);
    expect(repository.unavailable.map(({ store }) => store.name)).toEqual(['s0']);
    expect(() => repository.copy('s0')).toThrow(expect.objectContaining({ code: 'store_unavailable' }));
    expect(() => repository.copy('nowhere')).toThrow(expect.objectContaining({ code: 'config_invalid' }));
    await rm(first, { recursive: true });
    await expect(open({ roots: [gone, first], keySource: none, create: false })).rejects.toMatchObject({
      code: 'store_unavailable',
    });
  });
});

describe('the data key of a backup', () => {
  test('is one key, whoever races to make it', async () => {
    const copy = (await open({ roots: [await folder()], keySource: await keyFile() })).copy();
    const keys = await Promise.all(Array.from({ length: 8 }, () => createDataKey(copy, 'shop_full_20260101_000000')));
    expect(new Set(keys.map((key) => key.toString('hex'))).size).toBe(1);
    expect(await getDataKey(copy, 'shop_full_20260101_000000')).toEqual(keys[0]);
  });

  test('of another backup is noticed in its place', async () => {
    const copy = (await open({ roots: [await folder()], keySource: await keyFile() })).copy();
    await createDataKey(copy, 'one');
    await createDataKey(copy, 'two');
    const foreign = await copy.store.get('backups/two/key.json');
    await copy.store.put('backups/one/key.json', foreign);
    await expect(getDataKey(copy, 'one')).rejects.toMatchObject({ code: 'checksum_mismatch' });
    await copy.store.put('backups/one/key.json', Buffer.from(foreign.toString().replace('"two"', '"one"')));
    await expect(getDataKey(copy, 'one')).rejects.toMatchObject({ code: 'checksum_mismatch' });
  });
});
