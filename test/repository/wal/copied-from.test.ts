/** WAL that no single store holds whole, copied to a further one. */
import { randomBytes } from 'node:crypto';
import { WalArchive } from '../../../repository/wal/archive';
import { walObjects } from '../../../repository/wal/bind';
import { copyWal } from '../../../repository/wal/replicate';
import { copyWalFrom } from '../../../repository/wal/replicate-from';
import { filesBelow, flipByte, folder, open, removeAll } from '../made';

const size = 64 * 1024;
const marker = { systemIdentifier: '7000000000000000001', major: 15, segmentSize: size };
const at = (segment: number) => BigInt(segment * size);
const least = { timeline: 1, from: at(4) + 100n, to: at(6) + 10n };

afterAll(removeAll);

/** Two archives with these segments of the same WAL, and an empty third. */
async function archives(first: number[], second: number[]) {
  const roots = [await folder(), await folder(), await folder()];
  const repository = await open({ roots, keySource: { kind: 'none' } });
  const objects = walObjects(repository);
  const begin = async (name: string) => await WalArchive.begin(objects, repository.copy(name).store, marker);
  const [one, other, to] = [await begin('s0'), await begin('s1'), await begin('s2')];
  const wal = new Map([...first, ...second].map((segment) => [segment, randomBytes(size)]));
  for (const [archive, segments] of [[one, first] as const, [other, second] as const])
    for (const segment of segments) await archive.putSegment(1, BigInt(segment), wal.get(segment) as Buffer);
  const taken: string[] = [];
  const onTaken = ({ segment, from }: { segment: bigint; from: string }) => void taken.push(`${segment} of ${from}`);
  const copy = async (span: { timeline: number; from: bigint; to?: bigint }) =>
    await copyWalFrom([one, other], to, span, { least, onTaken });
  const seen = async () => [...new Set((await to.pieces(1)).map((piece) => Number(piece.segment)))];
  return { roots, one, other, to, taken, copy, seen };
}

test('a hole of the archive that reaches furthest is filled from the other', async () => {
  const { other, copy, seen, taken, to, one } = await archives([4, 6, 7, 8], [4, 5, 6]);
  expect(await copyWal(one, to, least)).toMatchObject({ segments: 2 });
  expect(await copy({ timeline: 1, from: least.from })).toMatchObject({ segments: 3 });
  expect([await seen(), taken]).toEqual([[4, 5, 6, 7, 8], ['5 of s1']]);
  expect((await to.fetchSegment(1, 5n))?.bytes).toEqual((await other.fetchSegment(1, 5n))?.bytes);
  expect(await copy({ timeline: 1, from: least.from })).toMatchObject({ segments: 0 });
});

test.each([{ to: least.to }, {}])(
  'what begins before the archive that reaches furthest comes from the other',
  async (end) => {
    const { copy, seen } = await archives([10, 11], [3, 4, 5, 6]);
    await copy({ timeline: 1, from: least.from, ...end });
    expect((await seen()).slice(0, 3)).toEqual([4, 5, 6]);
  },
);

test('a segment that is damaged in the first comes from the other', async () => {
  const { roots, copy, seen, taken } = await archives([4, 5, 6], [4, 5, 6]);
  const [file] = (await filesBelow(roots[0] ?? '')).filter((one) => one.path.endsWith('000000010000000000000005'));
  await flipByte(`${roots[0]}/${file?.path}`);
  await copy(least);
  expect([await seen(), taken]).toEqual([[4, 5, 6], ['5 of s1']]);
});

test('what the first knows for contradicted does not come back from the other', async () => {
  const { one, copy, seen } = await archives([4], [4, 5, 6]);
  await one.quarantineFrom(1, at(5), 'rewound');
  await copy(least);
  expect(await seen()).toEqual([4]);
});
