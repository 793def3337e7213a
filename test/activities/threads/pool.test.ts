import { randomBytes } from 'node:crypto';
import { lstatSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { PackThreads } from '../../../activities/threads/pool';
import { rootDirs } from '../../../components/tree/read';
import type { Slice } from '../../../domain/tree';
import { verifyPack } from '../../../repository/packs/open';

describe('the pool of pack threads', () => {
  const dataKey = randomBytes(32);
  const contentKey = randomBytes(32);
  const ref = { backupId: 'shop_full_20260101_000000', component: 'data', pack: 0 };
  let threads: PackThreads;
  let folder: string;
  const at = (name: string) => path.join(folder, name);

  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'holdfast-threads-'));
    await Promise.all([mkdir(at('source')), mkdir(at('target'))]);
    threads = new PackThreads(2);
  });
  afterAll(async () => {
    await threads.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function sliceOf(name: string, bytes: Buffer): Promise<Slice> {
    await writeFile(at(`source/${name}`), bytes);
    const seen = lstatSync(at(`source/${name}`), { bigint: true });
    const stamp = {
      size: bytes.length,
      ino: `${seen.ino}`,
      mtimeNs: `${seen.mtimeNs}`,
      ctimeNs: `${seen.ctimeNs}`,
    };
    return { root: 'data', path: name, offset: 0, length: bytes.length, stamp, mayChange: false };
  }

  async function build(slices: Slice[], signal?: AbortSignal) {
    const dirs = rootDirs({ data: at('source') });
    return await threads.buildPackInThread({ ...ref, slices, dataKey, contentKey, dirs }, signal);
  }

  test('builds a pack, verifies it and places it again, byte for byte', async () => {
    const contents = [randomBytes(1_500_000), Buffer.alloc(0), Buffer.alloc(900_000, 'text ')];
    const slices = await Promise.all(contents.map((bytes, number) => sliceOf(`file-${number}`, bytes)));
    const { built, release } = await build(slices);
    expect(built.slices.map(({ outcome }) => outcome)).toEqual(['ok', 'ok', 'ok']);
    const copy = () => new Uint8Array(built.object);
    const task = { ...ref, dataKey, expected: { ...built, object: 'key' } };
    expect(await threads.verifyPackInThread({ ...task, object: copy() })).toEqual({ beside: false });
    const dirs = rootDirs({ data: at('target') });
    expect(await threads.placePackInThread({ ...task, object: copy(), dirs, only: [0] })).toMatchObject({ slices: 1 });
    expect(await threads.compareSlicesInThread({ dirs, slices: built.slices })).toEqual([true, false, false]);
    await threads.placePackInThread({ ...task, object: copy(), dirs });
    expect((await readFile(at('target/file-2'))).equals(contents[2] ?? Buffer.alloc(0))).toBe(true);
    expect((await readFile(at('target/file-0'))).equals(contents[0] ?? Buffer.alloc(0))).toBe(true);
    release();
    const second = await build(slices);
    expect(verifyPack(Buffer.from(second.built.object), { ...ref, dataKey, where: 'test' }).bytes).toBe(2_400_000);
    second.release();
    second.release();
  });

  test('refuses a pack with other bytes, and tells it by its code', async () => {
    const { built } = await build([await sliceOf('bent', randomBytes(5000))]);
    const expected = { ...built, object: 'backups/x/packs/y' };
    const object = new Uint8Array(built.object);
    object[200] = (object[200] ?? 0) ^ 1;
    const dirs = rootDirs({ data: at('target') });
    await expect(threads.placePackInThread({ ...ref, dataKey, expected, object, dirs })).rejects.toMatchObject({
      code: 'checksum_mismatch',
      where: 'backups/x/packs/y',
      hints: [expect.stringContaining('verify')],
    });
    await expect(readFile(at('target/bent'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('reads a small file that changed once more, and reports one that it cannot vouch for', async () => {
    const same = await sliceOf('same-length', Buffer.from('new contents'));
    const stale = { ...same, stamp: { ...same.stamp, mtimeNs: '1' } };
    const grown = await sliceOf('grown', Buffer.from('longer than planned'));
    const planned = { ...grown, length: 6, stamp: { ...grown.stamp, size: 6 } };
    const { built } = await build([stale, planned]);
    expect(built.slices.map(({ outcome }) => outcome)).toEqual(['ok', 'changed']);
  });

  test('ends at an abort and goes on working for others', async () => {
    const slices = await Promise.all([0, 1, 2, 3].map((n) => sliceOf(`large-${n}`, randomBytes(8 << 20))));
    const abort = new AbortController();
    const work = build(slices, abort.signal);
    setTimeout(() => abort.abort(), 5);
    await expect(work).rejects.toMatchObject({ name: 'AbortError' });
    await expect(build(slices, AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
    expect((await build(slices.slice(0, 1))).built.bytes).toBe(8 << 20);
  });
});
