import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { listEveryHead, listHeads, usableSnapshot } from '../../../repository/catalog/listing';
import { headBody } from '../../../repository/catalog/read';
import { makeSnapshot, renewSnapshot } from '../../../repository/catalog/renew';
import { listSnapshots } from '../../../repository/catalog/snapshots';
import type { RepositoryCopy } from '../../../repository/copy';
import { putHead, removeHead } from '../../../repository/heads';
import { headKey } from '../../../repository/names';
import { rebuildCatalog } from '../../../repository/rebuild';
import type { Store } from '../../../repository/store';
import { flipByte, folder, keyFile, open, removeAll } from '../made';
import { syntheticHead } from './synthetic-head';

afterAll(removeAll);

/** As an earlier version left them: without a history. */
async function filled(heads: number) {
  const root = await folder();
  const copy = (await open({ roots: [root], keySource: await keyFile() })).copy();
  const all = Array.from({ length: heads }, (_, number) => syntheticHead(copy, number));
  await Promise.all(all.map((head) => copy.store.put(headKey(head.id), headBody(head))));
  return { root, copy, all };
}

/** Tells which keys are read, and refuses whatever would change the store. */
function readOnly(copy: RepositoryCopy): { copy: RepositoryCopy; read: string[] } {
  const read: string[] = [];
  const { store } = copy;
  const refuse = () => Promise.reject(new Error('these credentials may only read'));
  const reading: Store = {
    ...{ name: store.name, kind: store.kind, location: store.location, put: refuse, delete: refuse },
    get: async (key, options) => {
      read.push(key);
      return await store.get(key, options);
    },
    head: (key) => store.head(key),
    list: (prefix, options) => store.list(prefix, options),
    ...{ clock: refuse, probe: refuse, close: () => Promise.resolve() },
  };
  return { copy: { ...copy, store: reading }, read };
}

describe('a catalog with a snapshot', () => {
  test('is read with one request and one for each change since, by who may only read', async () => {
    const { copy, all } = await filled(260);
    expect(await renewSnapshot(copy)).toBe(true);
    expect(await renewSnapshot(copy)).toBe(false);
    const [first, second] = all;
    if (!first || !second) throw new Error('heads were made');
    await putHead(copy, { ...first, status: 'expired' });
    await removeHead(copy, second.id);
    const reader = readOnly(copy);
    const { heads, damaged } = await listHeads(reader.copy);
    expect(reader.read.sort()).toEqual([headKey(first.id), headKey(second.id), 'catalog/snapshots/0000000001'].sort());
    expect(damaged).toEqual([]);
    expect(heads).toEqual([{ ...first, status: 'expired' }, ...all.slice(2)]);
    expect(heads).toEqual((await listEveryHead(copy)).heads);
  });

  test('is read without it where it is damaged, and from the one before where there is one', async () => {
    const { root, copy, all } = await filled(5);
    await makeSnapshot(copy);
    const [first] = all;
    if (!first) throw new Error('heads were made');
    await putHead(copy, { ...first, status: 'expired' });
    await makeSnapshot(copy);
    const expected = [{ ...first, status: 'expired' }, ...all.slice(1)];
    await flipByte(path.join(root, 'catalog/snapshots/0000000002'), 100);
    expect((await listHeads(copy)).heads).toEqual(expected);
    await flipByte(path.join(root, 'catalog/snapshots/0000000001'), 100);
    expect((await listHeads(copy)).heads).toEqual(expected);
    expect(await makeSnapshot(copy)).toBe('created');
    expect((await listHeads(copy)).heads).toEqual(expected);
  });

  test('keeps three, and one that somebody reads meanwhile is found or another', async () => {
    const { copy, all } = await filled(3);
    for (let made = 0; made < 5; made++) await makeSnapshot(copy);
    expect(await listSnapshots(copy)).toEqual([5, 4, 3]);
    expect((await listHeads(copy)).heads).toEqual(all);
  });

  test('shows a head that is damaged as damaged, and as it is when it was mended', async () => {
    const { root, copy, all } = await filled(3);
    const [first] = all;
    if (!first) throw new Error('heads were made');
    await flipByte(path.join(root, headKey(first.id)), 0);
    await makeSnapshot(copy);
    expect(await listHeads(copy)).toMatchObject({ heads: all.slice(1), damaged: [{ key: headKey(first.id) }] });
    await copy.store.put(headKey(first.id), headBody(first));
    expect(await listHeads(copy)).toEqual({ heads: all, damaged: [] });
  });

  test('what was changed by hand is right again after a rebuilding, or with the next snapshot', async () => {
    const { root, copy, all } = await filled(4);
    await makeSnapshot(copy);
    const [first, second, ...others] = all;
    if (!first || !second) throw new Error('heads were made');
    rmSync(path.join(root, headKey(first.id)));
    await copy.store.put(headKey(second.id), headBody({ ...second, bytes: 99 }));
    await rebuildCatalog([copy]);
    expect((await listHeads(copy)).heads).toEqual([{ ...second, bytes: 99 }, ...others]);
    rmSync(path.join(root, headKey(second.id)));
    await makeSnapshot(copy, undefined, await usableSnapshot(copy));
    expect((await listHeads(copy)).heads).toEqual(others);
  });
});

test('writers that are killed leave a catalog that reads the same with and without its index', async () => {
  const root = await folder();
  const copy = (await open({ roots: [root], keySource: { kind: 'none' } })).copy();
  for (let round = 0; round < 3; round++) {
    const children = [0, 1].map((writer) =>
      fork(path.join(__dirname, 'write-forever.js'), { env: { ...process.env, ROOT: root, WRITER: String(writer) } }),
    );
    await Promise.all(children.map((child) => once(child, 'message')));
    for (let made = 0; made < 5; made++) await makeSnapshot(copy);
    const gone = children.map((child) => once(child, 'exit'));
    for (const child of children) child.kill('SIGKILL');
    await Promise.all(gone);
    expect(await listHeads(copy)).toEqual(await listEveryHead(copy));
  }
  expect(readdirSync(path.join(root, 'catalog/history')).length).toBeGreaterThan(3);
}, 60_000);
