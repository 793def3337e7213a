import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { RepositoryCopy } from '../../../repository/copy';
import { packKey } from '../../../repository/names';
import { type BuiltPack, buildPack } from '../../../repository/packs/build';
import { checkByStore, checkPack, fetchPack, findStoredPack, storePack } from '../../../repository/packs/store-pack';
import { Repository } from '../../../repository/repository';
import { openStore, type StoreConfig } from '../../../repository/stores/open';
import { type S3Server, startS3Server } from '../../support/s3-server';
import { memorySource } from './source';

describe.each(['dir', 's3'] as const)('packs in a store of kind %s', (kind) => {
  const dataKey = randomBytes(32);
  const ref = { backupId: 'shop_full_20260101_000000', component: 'data' };
  let folder: string;
  let server: S3Server | undefined;
  let copy: RepositoryCopy;
  let repository: Repository;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'holdfast-packs-'));
    server = kind === 's3' ? await startS3Server() : undefined;
    const config: StoreConfig = server ? { kind: 's3', ...server } : { kind: 'dir', path: folder };
    const stores = [openStore(kind, config)];
    repository = await Repository.open({ stores, keySource: { kind: 'none' }, system: 'shop', create: true });
    copy = repository.copy();
  });
  afterAll(async () => {
    await repository.close();
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  function built(pack: number, contents: Buffer[]): { pack: BuiltPack; object: string } {
    const { slices, open } = memorySource(contents);
    const source = { ...ref, pack, slices, dataKey, contentKey: copy.keys.content };
    return { pack: buildPack(source, open), object: packKey(copy.keys.names, { ...ref, generation: 0 }, pack) };
  }

  test('have one winner; the loser comes back with what the winner stored', async () => {
    const contents = [Buffer.alloc(300_000, 'x'), randomBytes(200_000)];
    const attempts = Array.from({ length: 4 }, () => built(1, contents));
    const stored = await Promise.all(
      attempts.map(({ pack, object }) => storePack(copy, object, pack, { ...ref, dataKey })),
    );
    expect(stored.map(({ sha256 }) => sha256)).toEqual(Array(4).fill(stored[0]?.sha256));
    expect(attempts.map(({ pack }) => pack.sha256)).toContain(stored[0]?.sha256);
    for (const one of stored) expect(one).toEqual(stored[0]);
  });

  test('are found again from their tail, also when the index is large', async () => {
    const { pack, object } = built(
      2,
      Array.from({ length: 4000 }, () => randomBytes(40)),
    );
    const access = { ...ref, dataKey, pack: 2 };
    expect(await findStoredPack(copy, object, access)).toBeUndefined();
    const stored = await storePack(copy, object, pack, access);
    expect(await findStoredPack(copy, object, access)).toEqual(stored);
    expect((await fetchPack(copy, stored)).equals(pack.object)).toBe(true);
  });

  test('are compared by the checksum that the store keeps, where it keeps one, and read nowhere else', async () => {
    const { pack, object } = built(5, [randomBytes(5000)]);
    const stored = await storePack(copy, object, pack, { ...ref, dataKey });
    expect(await checkByStore(copy, stored)).toBe(kind === 's3');
    await copy.store.put(object, Buffer.alloc(stored.storedBytes));
    if (kind === 's3') await expect(checkByStore(copy, stored)).rejects.toMatchObject({ code: 'checksum_mismatch' });
    await copy.store.put(object, Buffer.alloc(3));
    await expect(checkByStore(copy, stored)).rejects.toMatchObject({ code: 'checksum_mismatch' });
    await copy.store.delete([object]);
    await expect(checkByStore(copy, stored)).rejects.toMatchObject({ code: 'object_not_found' });
  });

  test('are refused when they are damaged or another pack’s, and never taken for stored', async () => {
    const first = built(3, [randomBytes(5000)]);
    const second = built(4, [randomBytes(5000)]);
    const stored = await storePack(copy, first.object, first.pack, { ...ref, dataKey });
    await copy.store.put(first.object, second.pack.object);
    const refused = { code: 'checksum_mismatch' };
    await expect(findStoredPack(copy, first.object, { ...ref, dataKey, pack: 3 })).rejects.toMatchObject(refused);
    const other = await fetchPack(copy, { ...stored, storedBytes: second.pack.storedBytes });
    await expect(checkPack(copy, stored, other)).rejects.toMatchObject(refused);
    const cut = first.pack.object.subarray(0, -1);
    await copy.store.put(first.object, cut);
    await expect(findStoredPack(copy, first.object, { ...ref, dataKey, pack: 3 })).rejects.toMatchObject(refused);
    await expect(fetchPack(copy, stored)).rejects.toMatchObject(refused);
    await copy.store.delete([first.object]);
    await expect(fetchPack(copy, stored)).rejects.toMatchObject({ code: 'object_not_found' });
  });
});
