import { randomBytes } from 'node:crypto';
import { walLeaseId } from '../../../domain/leases';
import type { WalSpan, WalWindow } from '../../../domain/wal-keep';
import type { RepositoryCopy } from '../../../repository/copy';
import { releaseLease, standingLeases, takeLease } from '../../../repository/leases';
import type { Repository } from '../../../repository/repository';
import { WalArchive } from '../../../repository/wal/archive';
import { walObjects } from '../../../repository/wal/bind';
import { removeWal } from '../../../repository/wal/remove';
import { folder, open, removeAll } from '../made';
import { stalling } from '../retention/stalling';

const size = 64 * 1024;
const systemIdentifier = '7000000000000000001';
const marker = { systemIdentifier, major: 15, segmentSize: size };
const at = (segment: number, offset = 0) => BigInt(segment * size + offset);

let repository: Repository;
let copy: RepositoryCopy;
let writer: WalArchive;

beforeEach(async () => {
  repository = await open({ roots: [await folder()], keySource: { kind: 'none' } });
  copy = repository.copy();
  writer = await WalArchive.begin(walObjects(repository), copy.store, marker);
});
afterAll(removeAll);

/** Whole segments [from, to) of a timeline, and the mark at the end of them. */
async function fill(timeline: number, from: number, to: number, serverTime: number): Promise<void> {
  for (let segment = from; segment < to; segment++) {
    await writer.putSegment(timeline, BigInt(segment), randomBytes(size));
  }
  await writer.writeCoverage(timeline, { lsn: at(to), serverTime: BigInt(serverTime) });
}

async function reader(store = copy.store): Promise<WalArchive> {
  return (await WalArchive.open(walObjects(repository), store, systemIdentifier)) as WalArchive;
}

async function remove(windows: WalWindow[], spans: WalSpan[] = [], remover = 'sweep', of = copy) {
  return await removeWal(of, await reader(of.store), { windows, spans, remover });
}

async function stored(timeline: number): Promise<number[]> {
  const pieces = await (await reader()).pieces(timeline);
  return [...new Set(pieces.map(({ segment }) => Number(segment)))];
}

async function keys(prefix = `wal/${systemIdentifier}/`): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of copy.store.list(prefix)) found.push(key.slice(`wal/${systemIdentifier}/`.length));
  return found;
}

const inFull = (key: string) => `wal/${systemIdentifier}/${key}`;

test('before a window everything goes but what single backups need; again it changes nothing', async () => {
  await fill(1, 1, 20, 5);
  const span = { timeline: 1, from: at(4, 100), to: at(6, 10) };
  const removed = await remove([{ timeline: 1, from: at(15, 7) }], [span]);
  expect(removed).toMatchObject({ objects: 11, gaveWayTo: [] });
  expect(removed.bytes).toBeGreaterThan(11 * size * 0.9);
  expect(await stored(1)).toEqual([4, 5, 6, 15, 16, 17, 18, 19]);
  const before = await keys();
  expect(await remove([{ timeline: 1, from: at(15, 7) }], [span])).toMatchObject({ objects: 0, stretches: [] });
  expect(await keys()).toEqual(before);
});

test('once the backup between goes, one record says it all', async () => {
  await fill(1, 1, 20, 5);
  await remove([{ timeline: 1, from: at(15) }], [{ timeline: 1, from: at(4), to: at(6) }]);
  await remove([{ timeline: 1, from: at(17) }]);
  expect(await stored(1)).toEqual([17, 18, 19]);
  expect((await keys()).filter((key) => key.startsWith('removed/'))).toHaveLength(1);
  expect(await writer.removed()).toEqual(new Map([[1, [{ from: 0n, to: at(17) }]]]));
});

test('the end of the timeline that is lived on stays whatever is asked; of one that was left only the history does', async () => {
  await fill(1, 1, 10, 5);
  await writer.putHistory(2, Buffer.from(`1\t0/${(10 * size).toString(16).toUpperCase()}\tno reason\n`));
  await fill(2, 10, 15, 9);
  await writer.writeSwitch(1, { at: 1n, commits: 'synchronous', mode: 'sync', reason: 'begun' });
  await writer.putLabel(1, '000000010000000000000005.00000028.backup', Buffer.from('START'));
  await remove([]);
  const left = (await keys()).filter((key) => key.startsWith('0000000'));
  expect(left).toEqual(['00000002/coverage', '00000002/history', '00000002/segments/00000002000000000000000E']);
});

test('a window goes on along the timelines that came of it, and not along those that were left before', async () => {
  await fill(1, 1, 10, 5);
  const fork = (lsn: bigint) => Buffer.from(`1\t0/${lsn.toString(16).toUpperCase()}\tno reason\n`);
  await writer.putHistory(2, fork(at(4)));
  await fill(2, 4, 6, 6);
  await writer.putHistory(3, fork(at(9, 50)));
  await fill(3, 9, 12, 7);
  await remove([{ timeline: 1, from: at(7) }]);
  expect([await stored(1), await stored(2), await stored(3)]).toEqual([[7, 8, 9], [], [9, 10, 11]]);
});

test('whoever needs the WAL is given way to, and whoever needs only what stays is not in the way', async () => {
  await fill(1, 1, 20, 5);
  const lease = { backupId: walLeaseId(systemIdentifier), kind: 'restore', holder: 'restore', ms: 60_000 } as const;
  await takeLease(copy, { ...lease, wal: { timeline: 1, from: '0/50000' } });
  const before = await keys();
  expect(await remove([{ timeline: 1, from: at(15) }])).toMatchObject({
    objects: 0,
    stretches: [],
    gaveWayTo: [{ holder: 'restore' }],
  });
  expect(await keys()).toEqual(before);
  await takeLease(copy, { ...lease, wal: { timeline: 1, from: '0/F0000' } });
  expect(await remove([{ timeline: 1, from: at(15) }])).toMatchObject({ objects: 14 });
  await releaseLease(copy, lease.backupId, lease.holder);
});

test('a reader passes by what is about to go, and sees it again when the remover gave way', async () => {
  await fill(1, 1, 20, 5);
  const lease = { backupId: walLeaseId(systemIdentifier), kind: 'restore', holder: 'restore', ms: 60_000 } as const;
  await takeLease(copy, { ...lease, wal: { timeline: 1, from: '0/0' } });
  let seen: number[] = [];
  const watched = watching({
    delete: async (gone: string[]) => {
      seen = await stored(1);
      await copy.store.delete(gone);
    },
  });
  await remove([{ timeline: 1, from: at(15) }], [], 'sweep', watched);
  expect(seen).toEqual([15, 16, 17, 18, 19]);
  expect((await stored(1)).length).toBe(19);
});

test.each([1, 2])(
  'cut at its delete number %i it has left no gap, and the next one brings it to its end',
  async (fatal) => {
    await fill(1, 1, 20, 5);
    let deletes = 0;
    const dying = watching({
      delete: async (gone: string[]) => {
        if (++deletes === fatal) {
          await copy.store.delete(gone.slice(0, 3));
          throw new Error('killed');
        }
        await copy.store.delete(gone);
      },
    });
    await expect(remove([{ timeline: 1, from: at(15) }], [], 'one', dying)).rejects.toThrow('killed');
    expect(await stored(1)).toEqual([15, 16, 17, 18, 19]);
    expect(await writer.removed()).toEqual(new Map([[1, [{ from: 0n, to: at(15) }]]]));
    await remove([{ timeline: 1, from: at(15) }], [], 'two');
    expect((await keys()).filter((key) => key.includes('/segments/'))).toHaveLength(5);
  },
);

test('a remover that was stopped until its word was forgotten, and somebody needs the WAL again, takes nothing', async () => {
  await fill(1, 1, 20, 5);
  const lease = { backupId: walLeaseId(systemIdentifier), kind: 'restore', holder: 'restore', ms: 60_000 } as const;
  const stall = stalling(copy, 1, async () => {
    await copy.store.delete((await keys('wal/')).filter((key) => key.includes('removed/announced/')).map(inFull));
    await takeLease(copy, { ...lease, wal: { timeline: 1, from: '0/0' } });
  });
  const archive = await reader(stall.copy.store);
  // It has looked at the leases by then, and has nothing on record yet.
  stall.begin('head');
  const windows = [{ timeline: 1, from: at(15) }];
  const removed = await removeWal(stall.copy, archive, { windows, spans: [], remover: 'sweep' });
  expect(removed).toMatchObject({ objects: 0, stretches: [] });
  expect(await standingLeases(copy)).toHaveLength(1);
  expect((await stored(1)).length).toBe(19);
});

test('two at once do the same as one', async () => {
  await fill(1, 1, 20, 5);
  const both = [remove([{ timeline: 1, from: at(15) }], [], 'one'), remove([{ timeline: 1, from: at(12) }], [], 'two')];
  await Promise.all(both);
  expect(await stored(1)).toEqual([15, 16, 17, 18, 19]);
  expect(await writer.removed()).toEqual(new Map([[1, [{ from: 0n, to: at(15) }]]]));
});

test('what a rewound server writes where WAL was removed counts again', async () => {
  await fill(1, 1, 20, 5);
  await remove([{ timeline: 1, from: at(15) }]);
  await writer.quarantineFrom(1, at(10), 'the server was rewound');
  await writer.putSegment(1, 10n, randomBytes(size));
  await writer.putSegment(1, 9n, randomBytes(size));
  expect(await stored(1)).toEqual([10]);
});

test('a file that is none of ours is left', async () => {
  await fill(1, 1, 20, 5);
  await copy.store.put(`wal/${systemIdentifier}/00000001/segments/notes.txt`, Buffer.from('mine'));
  await remove([{ timeline: 1, from: at(15) }]);
  expect(await keys()).toContain('00000001/segments/notes.txt');
});

function watching(methods: { delete(keys: string[]): Promise<void> }): RepositoryCopy {
  const store = new Proxy(copy.store, {
    get(target, name) {
      const value: unknown = Reflect.get(methods, name) ?? Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  return { ...copy, store };
}
