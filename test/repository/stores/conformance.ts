/** One suite for every kind of store: what `repository/store.ts` promises. */
import { fork } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Store, StoredObject } from '../../../repository/store';
import { confirmObject } from '../../../repository/stores/confirm';
import { openStore, type StoreConfig } from '../../../repository/stores/open';
import { bodyOf, forever } from './put-forever';

/** @param config of an empty store, fresh for each call */
export function storeConformance(title: string, config: () => Promise<StoreConfig>): void {
  describe(`${title}, as every store`, () => {
    let settings: StoreConfig;
    beforeAll(async () => {
      settings = await config();
    });
    storePromises(() => openStore('tested', settings));
    survivesKilledWriters(() => settings);
  });
}

/** What holds within one process. @param open each time the same store */
export function storePromises(open: () => Store): void {
  let store: Store;

  beforeAll(async () => {
    store = open();
    await store.probe();
  });

  afterAll(async () => await store.close());

  test('gives back the bytes it was given, and replaces them', async () => {
    const body = randomBytes(3_000_000);
    expect(await store.put('a/b/c', body)).toBe('created');
    expect((await store.get('a/b/c')).equals(body)).toBe(true);
    await store.put('a/b/c', Buffer.from('other'));
    expect((await store.get('a/b/c')).toString()).toBe('other');
  });

  test('keeps an empty object', async () => {
    await store.put('empty', Buffer.alloc(0));
    expect(await store.get('empty')).toHaveLength(0);
    expect((await store.head('empty'))?.bytes).toBe(0);
  });

  test('hands out buffers that are nobody else’s', async () => {
    await store.put('own', Buffer.from('short'));
    const found = await store.get('own');
    expect(found.buffer.byteLength).toBe(found.byteLength);
  });

  test('lets one of many racing conditional puts win, and keeps the winner’s bytes', async () => {
    const bodies = Array.from({ length: 12 }, (_, number) => Buffer.alloc(200_000, `${number}`));
    const others = open();
    const put = (body: Buffer, number: number) =>
      (number % 2 === 0 ? store : others).put('race', body, { ifAbsent: true });
    const outcomes = await Promise.all(bodies.map(put));
    expect(outcomes.filter((one) => one === 'created')).toHaveLength(1);
    const winner = bodies[outcomes.indexOf('created')] ?? Buffer.alloc(0);
    expect((await store.get('race')).equals(winner)).toBe(true);
    expect(await store.put('race', Buffer.from('late'), { ifAbsent: true })).toBe('exists');
    await others.close();
  });

  test('names the folders below a prefix, whatever they hold', async () => {
    for (const key of ['tree/b/1', 'tree/b/2/3', 'tree/b-c/1', 'tree/a/x/y', 'tree/file'])
      await store.put(key, Buffer.from(key));
    const names: string[] = [];
    for await (const name of store.folders?.('tree/') ?? []) names.push(name);
    expect(names).toEqual(['a', 'b-c', 'b']);
  });

  test('reads ranges, from the start and from the end', async () => {
    await store.put('range', Buffer.from('0123456789'));
    const text = async (range: { start: number; length?: number }) => (await store.get('range', { range })).toString();
    expect(await text({ start: 2, length: 3 })).toBe('234');
    expect(await text({ start: 7 })).toBe('789');
    expect(await text({ start: -4 })).toBe('6789');
    expect(await text({ start: -4, length: 1 })).toBe('6789');
    expect(await text({ start: -40 })).toBe('0123456789');
    expect(await text({ start: 8, length: 40 })).toBe('89');
    expect(await text({ start: 10 })).toBe('');
    expect(await text({ start: 3, length: 0 })).toBe('');
  });

  test('lists more than a thousand objects in the order of their bytes, from any point', async () => {
    const names = ['list/a-b', 'list/a/b', 'list/a.b', 'list/a0', 'list/B', 'list/_'];
    const many = Array.from({ length: 1100 }, (_, number) => `list/many/${number}`);
    const keys = [...names, ...many];
    for (let at = 0; at < keys.length; at += 50) {
      await Promise.all(keys.slice(at, at + 50).map((key) => store.put(key, Buffer.from('x'))));
    }
    const sorted = keys.sort((a, b) => (a < b ? -1 : 1));
    const listed = await collect(store.list('list/'));
    expect(listed.map(({ key }) => key)).toEqual(sorted);
    expect(listed.every(({ bytes, modified }) => bytes === 1 && modified.getTime() > 0)).toBe(true);
    const after = 'list/many/555';
    const rest = await collect(store.list('list/', { after }));
    expect(rest.map(({ key }) => key)).toEqual(sorted.filter((key) => key > after));
    expect((await collect(store.list('list/many/99'))).map(({ key }) => key)).toEqual(
      sorted.filter((key) => key.startsWith('list/many/99')),
    );
    await store.delete([...keys, 'list/never-was']);
    expect(await collect(store.list('list/'))).toEqual([]);
  });

  test('tells another content by another tag, in a listing as in a look, or tells none', async () => {
    const told: (string | undefined)[] = [];
    for (const body of ['one', 'two']) {
      await store.put('tagged/it', Buffer.from(body));
      const [listed] = await collect(store.list('tagged/'));
      expect(listed?.tag).toBe((await store.head('tagged/it'))?.tag);
      told.push(listed?.tag);
    }
    expect(told[0] === told[1]).toBe(store.kind === 'dir');
    await store.delete(['tagged/it']);
  });

  test('says of an absent object that it is absent', async () => {
    await expect(store.get('not/there')).rejects.toMatchObject({ code: 'object_not_found', retryable: false });
    expect(await store.head('not/there')).toBeUndefined();
    expect(await collect(store.list('not/'))).toEqual([]);
    await store.delete(['not/there']);
  });

  test('refuses bytes that are not those of the checksum, and keeps nothing', async () => {
    const sha256 = createHash('sha256').update('meant').digest('hex');
    await expect(store.put('wrong', Buffer.from('other'), { sha256 })).rejects.toMatchObject({
      code: 'checksum_mismatch',
    });
    expect(await store.head('wrong')).toBeUndefined();
    expect(await store.put('wrong', Buffer.from('meant'), { sha256 })).toBe('created');
  });

  test('finds a write that was accepted and then lost, or altered', async () => {
    const sha256 = createHash('sha256').update('kept').digest('hex');
    await store.put('kept', Buffer.from('kept'), { sha256 });
    await confirmObject(store, 'kept', 4, sha256, { read: true });
    await store.put('kept', Buffer.from('bent'));
    await expect(confirmObject(store, 'kept', 4, sha256, { read: true })).rejects.toMatchObject({
      code: 'checksum_mismatch',
    });
    await store.delete(['kept']);
    await expect(confirmObject(store, 'kept', 4, sha256)).rejects.toMatchObject({ code: 'store_lost_write' });
  });

  test('has a clock of its own', async () => {
    const clock = await store.clock();
    expect(Math.abs(clock.getTime() - Date.now())).toBeLessThan(60_000);
    expect((await collect(store.list('probe/'))).length).toBe(0);
  });

  test('says whether it can lock, and keeps to it', async () => {
    const until = new Date(Date.now() + 60_000);
    if (await store.locks?.supported()) {
      await store.put('lock/yes', Buffer.from('x'), { lock: { mode: 'governance', until } });
      expect((await store.locks?.lockOf('lock/yes'))?.mode).toBe('governance');
      await expect(store.delete(['lock/yes'])).rejects.toMatchObject({ code: 'object_locked' });
      expect((await store.get('lock/yes')).toString()).toBe('x');
    } else {
      await store.put('lock/no', Buffer.from('x'));
      expect(await store.locks?.lockOf('lock/no')).toBeUndefined();
      await store.delete(['lock/no']);
      expect(await store.head('lock/no')).toBeUndefined();
    }
  });

  test('knows the class of what it holds, where it has classes', async () => {
    await store.put('class/one', Buffer.from('x'));
    if (store.classes === undefined) return expect(store.kind).toBe('dir');
    expect(await store.classes.classOf('class/one')).toBe('STANDARD');
    expect(await store.classes.thawState('class/one')).toBe('ready');
    expect(await store.classes.classOf('class/none')).toBeUndefined();
  });

  test('stops when told to', async () => {
    const signal = AbortSignal.abort();
    await expect(store.put('aborted', Buffer.alloc(10), { signal })).rejects.toMatchObject({ name: 'AbortError' });
    expect(await store.head('aborted')).toBeUndefined();
  });

  test.each(['', '/a', 'a//b', 'a/../b', './a', 'a b', 'a/', `a/${'x'.repeat(256)}`, '.tmp/a', 'é'])(
    'refuses the key %j',
    async (key) => {
      await expect(store.put(key, Buffer.from('x'))).rejects.toMatchObject({ code: 'internal' });
    },
  );
}

function survivesKilledWriters(settingsOf: () => StoreConfig): void {
  test('shows nothing half-written after its writer was killed', async () => {
    const settings = settingsOf();
    const store = openStore('tested', settings);
    for (let round = 0; round < 4; round++) {
      const env = { ...process.env, STORE: JSON.stringify(settings) };
      const child = fork(path.join(__dirname, 'put-forever.js'), { env });
      await once(child, 'message');
      if (round > 1) await once(child, 'message');
      await pause(round * 7);
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    }
    for (const { key, bytes } of await collect(store.list(forever.prefix))) {
      expect({ key, bytes }).toEqual({ key, bytes: forever.bytes });
      expect((await store.get(key)).equals(bodyOf(key))).toBe(true);
    }
    const again = `${forever.prefix}again`;
    expect(await store.put(again, Buffer.from('x'), { ifAbsent: true })).toBe('created');
    await store.close();
  });
}

export async function collect(objects: AsyncIterable<StoredObject>): Promise<StoredObject[]> {
  const found: StoredObject[] = [];
  for await (const object of objects) found.push(object);
  return found;
}
