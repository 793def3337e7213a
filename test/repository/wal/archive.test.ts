import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Store } from '../../../repository/store';
import { DirStore } from '../../../repository/stores/dir';
import { WalArchive } from '../../../repository/wal/archive';
import { listSystems, readOwners, systemsOf } from '../../../repository/wal/marks';
import { testObjects } from './test-objects';

const size = 64 * 1024;
const marker = { systemIdentifier: '7000000000000000001', major: 15, segmentSize: size };
const owner = { system: 'shop', site: 'dc01', component: 'database' };

let dir: string;
let store: DirStore;
let archive: WalArchive;

beforeEach(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'hf-archive-'));
  store = new DirStore('hot', dir);
  archive = await WalArchive.begin(testObjects(store), store, marker, owner);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function at(segment: number, offset = 0): bigint {
  return BigInt(segment * size + offset);
}

/** The store with some of its methods replaced. */
function instead(methods: Partial<Store>): Store {
  return new Proxy<Store>(store, {
    get(target, name) {
      const value: unknown = Reflect.get(methods, name) ?? Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

async function keys(): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of store.list('wal/')) found.push(key);
  return found;
}

test('the same part twice is one part; other bytes under its name are a conflict', async () => {
  const bytes = randomBytes(100);
  await archive.putPart(1, at(3, 50), bytes);
  await archive.putPart(1, at(3, 50), bytes);
  await expect(archive.putPart(1, at(3, 50), randomBytes(100))).rejects.toMatchObject({ code: 'wal_conflict' });
});

test('the same segment twice is one segment; other bytes under its name are a conflict', async () => {
  const bytes = randomBytes(size);
  await archive.putSegment(1, 3n, bytes);
  await archive.putSegment(1, 3n, bytes);
  await expect(archive.putSegment(1, 3n, randomBytes(size))).rejects.toMatchObject({ code: 'wal_conflict' });
  expect((await archive.fetchSegment(1, 3n))?.bytes.equals(bytes)).toBe(true);
});

test('a short segment is never stored under a full segment’s name', async () => {
  await expect(archive.putSegment(1, 3n, randomBytes(size - 1))).rejects.toMatchObject({ code: 'internal' });
  await expect(archive.completeSegment(1, 3n, randomBytes(10))).rejects.toMatchObject({ code: 'internal' });
  expect(await archive.pieces(1)).toEqual([]);
});

test('parts make a segment up to the first hole, padded with zeros', async () => {
  const bytes = randomBytes(size);
  await archive.putPart(1, at(3), bytes.subarray(0, 1000));
  await archive.putPart(1, at(3, 900), bytes.subarray(900, 2000)); // stored again after a kill
  await archive.putPart(1, at(3, 3000), bytes.subarray(3000, 4000));
  const fetched = await archive.fetchSegment(1, 3n);
  expect(fetched?.storedTo).toBe(2000);
  expect(fetched?.bytes.length).toBe(size);
  expect(fetched?.bytes.subarray(0, 2000).equals(bytes.subarray(0, 2000))).toBe(true);
  expect(fetched?.bytes.subarray(2000).equals(Buffer.alloc(size - 2000))).toBe(true);
  expect(await archive.fetchSegment(1, 4n)).toBeUndefined();
});

test('parts that overlap and disagree are a conflict', async () => {
  await archive.putPart(1, at(3), Buffer.alloc(1000, 1));
  await archive.putPart(1, at(3, 500), Buffer.alloc(1000, 2));
  await expect(archive.fetchSegment(1, 3n)).rejects.toMatchObject({ code: 'wal_conflict' });
});

test('a completed segment replaces its parts only after it was read back', async () => {
  const order: string[] = [];
  const kindOf = (key = '') => (key.includes('/segments/') ? 'whole' : key.includes('/parts/') ? 'parts' : 'other');
  const watched = instead({
    put: (key, ...rest) => {
      order.push(`put ${kindOf(key)}`);
      return store.put(key, ...rest);
    },
    get: (key, ...rest) => {
      order.push(`get ${kindOf(key)}`);
      return store.get(key, ...rest);
    },
    delete: (keys) => {
      order.push(`delete ${kindOf(keys[0])}`);
      return store.delete(keys);
    },
  });
  const bytes = randomBytes(size);
  await archive.putPart(1, at(3), bytes.subarray(0, 1000));
  const through = await WalArchive.open(testObjects(watched), watched, marker.systemIdentifier);
  order.length = 0;
  await through?.completeSegment(1, 3n, bytes);
  expect(order).toEqual(['put whole', 'get whole', 'delete parts']);
  expect((await keys()).filter((key) => key.includes('/parts/'))).toEqual([]);
});

test('a segment that reads back otherwise keeps its parts', async () => {
  const bytes = randomBytes(size);
  await archive.putPart(1, at(3), bytes.subarray(0, 1000));
  const liar = instead({
    get: async (key) =>
      key.includes('/segments/') ? Buffer.from(await testObjects().seal(randomBytes(size), key)) : await store.get(key),
  });
  const through = await WalArchive.open(testObjects(liar), liar, marker.systemIdentifier);
  await expect(through?.completeSegment(1, 3n, bytes)).rejects.toMatchObject({ code: 'store_lost_write' });
  expect((await archive.pieces(1)).filter((piece) => !piece.whole)).toHaveLength(1);
});

test('a reader that misses a part looks for the whole segment again', async () => {
  const bytes = randomBytes(size);
  await archive.putPart(1, at(3), bytes.subarray(0, 1000));
  await archive.putPart(1, at(3, 1000), bytes.subarray(1000));
  let completed = false;
  const racing = instead({
    get: async (key) => {
      if (key.includes('/parts/') && !completed) {
        completed = true; // between the listing and the read
        await archive.completeSegment(1, 3n, bytes);
      }
      return await store.get(key);
    },
  });
  const reader = await WalArchive.open(testObjects(racing), racing, marker.systemIdentifier);
  const fetched = await reader?.fetchSegment(1, 3n);
  expect(fetched?.whole).toBe(true);
  expect(fetched?.bytes.equals(bytes)).toBe(true);
});

test('extents and gaps of every timeline come from names', async () => {
  await archive.putSegment(1, 3n, randomBytes(size));
  await archive.putPart(1, at(4), randomBytes(10));
  await archive.putPart(1, at(4, 20), randomBytes(10));
  await archive.putSegment(2, 9n, randomBytes(size));
  await archive.writeCoverage(2, { lsn: at(10), serverTime: 123_456n });
  const { timelines } = await archive.extents();
  expect(timelines).toMatchObject([
    {
      timeline: 1,
      intervals: [
        { from: at(3), to: at(4, 10) },
        { from: at(4, 20), to: at(4, 30) },
      ],
      gaps: [{ from: at(4, 10), to: at(4, 20) }],
    },
    {
      timeline: 2,
      intervals: [{ from: at(9), to: at(10) }],
      gaps: [],
      coverage: { lsn: at(10), serverTime: 123_456n },
    },
  ]);
  expect(await archive.intervals(1, 4n)).toHaveLength(2);
  expect((await archive.pieces(1, 4n)).every((piece) => piece.segment === 4n)).toBe(true);
});

test('history files lead from a timeline back to the first', async () => {
  await archive.putHistory(3, Buffer.from('1\t0/30000\tno recovery target\n\n2\t0/50000\tby hand\n'));
  expect(await archive.timelinePath(3)).toEqual([
    { timeline: 1, from: 0n, to: 0x30000n },
    { timeline: 2, from: 0x30000n, to: 0x50000n },
    { timeline: 3, from: 0x50000n },
  ]);
  await expect(archive.timelinePath(4)).rejects.toMatchObject({ code: 'timeline_unreachable' });
  await expect(archive.putHistory(3, Buffer.from('1\t0/1\tother\n'))).rejects.toMatchObject({ code: 'wal_conflict' });
  expect([...(await archive.histories()).keys()]).toEqual(['00000003.history']);
});

test('quarantine moves from a segment on and is finished by the next writer after a cut', async () => {
  const kept = randomBytes(size);
  const moved = randomBytes(size);
  await archive.putSegment(1, 3n, kept);
  await archive.putSegment(1, 4n, moved);
  await archive.putSegment(1, 5n, randomBytes(size));
  const dying = instead({ delete: () => Promise.reject(new Error('cut')) });
  const cut = await WalArchive.open(testObjects(dying), dying, marker.systemIdentifier);
  await expect(cut?.quarantineFrom(1, at(4, 77), 'rewound')).rejects.toThrow('cut');
  expect(await archive.intervals(1)).toEqual([{ from: at(3), to: at(6) }]);

  const next = await WalArchive.begin(testObjects(store), store, marker, owner);
  expect(await next.intervals(1)).toEqual([{ from: at(3), to: at(4) }]);
  const [quarantined] = (await next.extents()).quarantined;
  expect(quarantined).toMatchObject({ timeline: 1, from: at(4, 77), reason: 'rewound', done: true });
  expect((await keys()).filter((key) => key.startsWith(`${quarantined?.folder}00000001/segments/`))).toHaveLength(2);
  await next.putSegment(1, 4n, randomBytes(size)); // the name is free for the other history
});

test('another version or segment size of the same system is refused', async () => {
  const begin = (other: object) => WalArchive.begin(testObjects(store), store, { ...marker, ...other });
  await expect(begin({ major: 16 })).rejects.toMatchObject({ code: 'wrong_version' });
  await expect(begin({ segmentSize: 2 * size })).rejects.toMatchObject({ code: 'wal_conflict' });
});

test('whose WAL it is stays sealed, and is found by its owner', async () => {
  const objects = testObjects(store);
  await WalArchive.begin(objects, store, { ...marker, systemIdentifier: '8' }, { ...owner, component: 'other' });
  expect(await listSystems(store)).toEqual([marker.systemIdentifier, '8']);
  expect(await systemsOf(store, objects, owner)).toEqual([marker.systemIdentifier]);
  expect(await readOwners(store, objects, '8')).toEqual([{ ...owner, component: 'other' }]);
  for (const key of await keys()) {
    expect(key).not.toMatch(/database|shop|dc01/);
    expect((await store.get(key)).includes('database')).toBe(false);
  }
});

test('an object moved under another name does not open', async () => {
  await archive.putSegment(1, 3n, randomBytes(size));
  await store.put(archive.names.segment(1, 4n), await store.get(archive.names.segment(1, 3n)));
  await expect(archive.fetchSegment(1, 4n)).rejects.toMatchObject({ code: 'checksum_mismatch' });
});
