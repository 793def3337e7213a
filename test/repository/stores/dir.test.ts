import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { dirError } from '../../../repository/stores/dir-files';
import { openStore } from '../../../repository/stores/open';
import { collect, storeConformance } from './conformance';

const folders: string[] = [];

async function freshFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'holdfast-dir-'));
  folders.push(folder);
  return folder;
}

afterAll(async () => {
  await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
});

storeConformance('a dir store', async () => ({ kind: 'dir', path: path.join(await freshFolder(), 'store') }));

describe('a dir store', () => {
  test('never shows what is still being written, and clears away what a crash left after a day', async () => {
    const root = await freshFolder();
    const store = openStore('dir', { kind: 'dir', path: root });
    await store.put('kept', Buffer.from('x'));
    const old = path.join(root, '.tmp', 'left-behind');
    const young = path.join(root, '.tmp', 'being-written');
    await writeFile(old, 'half');
    await writeFile(young, 'half');
    await utimes(old, new Date(), new Date(Date.now() - 25 * 3600 * 1000));
    expect((await collect(store.list(''))).map(({ key }) => key)).toEqual(['kept']);
    await store.probe();
    expect(await readdir(path.join(root, '.tmp'))).toEqual(['being-written']);
  });

  test('is not made out of nothing where a disk is not mounted', async () => {
    const root = path.join(await freshFolder(), 'mount');
    const store = openStore('dir', { kind: 'dir', path: root });
    const gone = { code: 'store_unavailable', retryable: true };
    await expect(store.put('a/b', Buffer.from('x'))).rejects.toMatchObject(gone);
    await expect(store.get('a/b')).rejects.toMatchObject(gone);
    await expect(store.head('a/b')).rejects.toMatchObject(gone);
    await expect(collect(store.list(''))).rejects.toMatchObject(gone);
    await expect(stat(root)).rejects.toMatchObject({ code: 'ENOENT' });
    await store.probe();
    expect(await store.put('a/b', Buffer.from('x'))).toBe('created');
  });

  test('removes folders with their last object, also under the feet of a put', async () => {
    const root = await freshFolder();
    const store = openStore('dir', { kind: 'dir', path: root });
    await Promise.all(
      Array.from({ length: 40 }, async (_, number) => {
        await store.put(`deep/er/${number}`, Buffer.from('x'), { ifAbsent: true });
        await store.delete([`deep/er/${number}`]);
      }),
    );
    expect(await readdir(root)).toEqual(['.tmp']);
  });

  test('keeps objects readable by their owner only', async () => {
    const root = await freshFolder();
    const store = openStore('dir', { kind: 'dir', path: root });
    await store.put('x/y', Buffer.from('secret'));
    expect((await stat(path.join(root, 'x/y'))).mode & 0o777).toBe(0o600);
    expect(await readFile(path.join(root, 'x/y'), 'utf8')).toBe('secret');
  });

  test('says that it is full when the file system is', async () => {
    // the kernel's own full device stands in for a full disk
    const refusal = await writeFile('/dev/full', 'x').catch((error: unknown) => dirError(error, 'dir:full'));
    expect(refusal).toMatchObject({ code: 'store_full', retryable: false });
  });

  test('wants an absolute path', () => {
    expect(() => openStore('dir', { kind: 'dir', path: 'relative' })).toThrow('absolute');
  });
});
