import { before, blockBytes, type Extent, lengthOf, piecesOf, union, without } from '../../domain/blocks';

const at = (offset: number, length: number): Extent => ({ offset, length });

/** The bytes that stretches cover, one by one. */
function bytesOf(extents: Extent[]): number[] {
  return extents.flatMap(({ offset, length }) => Array.from({ length }, (_, n) => offset + n));
}

/** Ascending stretches without overlap, the same for the same seed. */
function some(seed: number): Extent[] {
  const found: Extent[] = [];
  let [state, offset] = [seed, 0];
  const next = (limit: number) => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * limit);
  };
  for (let n = next(8); n > 0; n--) {
    offset += next(5);
    const length = 1 + next(6);
    found.push(at(offset, length));
    offset += length;
  }
  return found;
}

test('a block is a page of PostgreSQL', () => expect(blockBytes).toBe(8192));

test('a difference and a union of stretches are those of their bytes', () => {
  for (let seed = 1; seed < 500; seed++) {
    const [one, other] = [some(seed), some(seed * 7919)];
    const covered = new Set(bytesOf(other));
    expect(bytesOf(without(one, other))).toEqual(bytesOf(one).filter((byte) => !covered.has(byte)));
    const both = [...new Set([...bytesOf(one), ...covered])].sort((a, b) => a - b);
    expect(bytesOf(union(one, other))).toEqual(both);
    expect(lengthOf(one)).toBe(bytesOf(one).length);
  }
});

test('what lies before an end', () => {
  expect(before([at(0, 10), at(20, 10)], 25)).toEqual([at(0, 10), at(20, 5)]);
  expect(before([at(0, 10), at(20, 10)], 10)).toEqual([at(0, 10)]);
});

describe('where the bytes of a chunk belong', () => {
  const stretches = [at(100, 10), at(200, 10)];

  test('across the end of a stretch', () => {
    expect([...piecesOf(stretches, 5, 10)]).toEqual([
      { from: 0, at: 105, length: 5 },
      { from: 5, at: 200, length: 5 },
    ]);
  });

  test('only what is wanted of it', () => {
    expect([...piecesOf(stretches, 0, 20, [at(108, 94), at(209, 50)])]).toEqual([
      { from: 8, at: 108, length: 2 },
      { from: 10, at: 200, length: 2 },
      { from: 19, at: 209, length: 1 },
    ]);
    expect([...piecesOf(stretches, 0, 20, [])]).toEqual([]);
  });
});
