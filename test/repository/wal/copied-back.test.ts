/** WAL that retention had let go in one store, and that a copy of an older backup brings there again from another. */
import { randomBytes } from 'node:crypto';
import { WalArchive } from '../../../repository/wal/archive';
import { walObjects } from '../../../repository/wal/bind';
import { removeWal } from '../../../repository/wal/remove';
import { copyWal } from '../../../repository/wal/replicate';
import { folder, open, removeAll } from '../made';

const size = 64 * 1024;
const systemIdentifier = '7000000000000000001';
const marker = { systemIdentifier, major: 15, segmentSize: size };
const at = (segment: number) => BigInt(segment * size);
const span = { timeline: 1, from: at(4) + 100n, to: at(6) + 10n };

afterAll(removeAll);

/** Both have all of it; the second one let go what lies before segment 15. */
async function stores() {
  const repository = await open({ roots: [await folder(), await folder()], keySource: { kind: 'none' } });
  const [near, far] = [repository.copy('s0'), repository.copy('s1')];
  const objects = walObjects(repository);
  const begin = (store: typeof near.store) => WalArchive.begin(objects, store, marker);
  const read = async (store: typeof near.store) =>
    (await WalArchive.open(objects, store, systemIdentifier)) as WalArchive;
  for (let segment = 1n; segment < 20n; segment++) {
    const bytes = randomBytes(size);
    for (const { store } of [near, far]) await (await begin(store)).putSegment(1, segment, bytes);
  }
  for (const { store } of [near, far]) await (await begin(store)).writeCoverage(1, { lsn: at(20), serverTime: 5n });
  const remove = async (from: bigint, spans = [] as (typeof span)[]) =>
    await removeWal(far, await read(far.store), { windows: [{ timeline: 1, from }], spans, remover: 'sweep' });
  await remove(at(15));
  const seen = async () => [...new Set((await (await read(far.store)).pieces(1)).map((one) => Number(one.segment)))];
  const copy = async (more: { to?: bigint } = { to: span.to }) =>
    await copyWal(await read(near.store), await begin(far.store), { timeline: 1, from: span.from, ...more });
  return { far, seen, copy, remove, writer: await begin(far.store) };
}

test('readers see it again, a retention that plans for it leaves it, and what nobody brought stays on record', async () => {
  const { seen, copy, remove, writer } = await stores();
  expect(await seen()).toEqual([15, 16, 17, 18, 19]);
  expect(await copy()).toMatchObject({ segments: 3 });
  expect(await seen()).toEqual([4, 5, 6, 15, 16, 17, 18, 19]);
  const gone = [
    { from: 0n, to: at(4) },
    { from: at(7), to: at(15) },
  ];
  expect(await writer.removed()).toEqual(new Map([[1, gone]]));
  expect(await copy()).toMatchObject({ segments: 0 });
  await remove(at(15), [span]);
  expect(await seen()).toEqual([4, 5, 6, 15, 16, 17, 18, 19]);
  expect(await writer.removed()).toEqual(new Map([[1, gone]]));
});

test('when it is let go again it is gone again', async () => {
  const { seen, copy, remove, writer } = await stores();
  await copy({});
  expect((await seen()).at(0)).toBe(4);
  expect(await remove(at(17))).toMatchObject({ objects: 13 });
  expect(await seen()).toEqual([17, 18, 19]);
  expect(await writer.removed()).toEqual(new Map([[1, [{ from: 0n, to: at(17) }]]]));
});

test('cut between the record of the rest and the end of the old one, the next copy brings it to its end', async () => {
  const { far, seen, copy } = await stores();
  const remove = jest.spyOn(far.store, 'delete').mockRejectedValueOnce(new Error('killed'));
  await expect(copy()).rejects.toThrow('killed');
  remove.mockRestore();
  expect(await seen()).toEqual([15, 16, 17, 18, 19]);
  await copy();
  expect(await seen()).toEqual([4, 5, 6, 15, 16, 17, 18, 19]);
});
