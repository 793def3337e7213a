/**
 * Blocks: what an incremental backup compares. A file is cut into blocks from its beginning, each known by a keyed hash of its bytes;
 * what is stored of a file is then a list of stretches (extents), and what is not stored is in the backup before it.
 */

/** Bytes of a block: a page of PostgreSQL, as it is nearly everywhere. */
export const blockBytes = 8192;
/** Of a block's keyed hash that are kept: two blocks that differ agree in them once in 10^19 times. */
export const blockHashBytes = 8;

/** A stretch of a file, in bytes from its beginning. */
export interface Extent {
  offset: number;
  length: number;
}

/** Appends a stretch, as part of the last one where it goes on from there. */
export function append(extents: Extent[], offset: number, length: number): void {
  const last = extents.at(-1);
  if (last !== undefined && last.offset + last.length === offset) last.length += length;
  else extents.push({ offset, length });
}

/** What of `extents` lies before `end`. */
export function before(extents: Extent[], end: number): Extent[] {
  return extents
    .filter(({ offset }) => offset < end)
    .map(({ offset, length }) => ({ offset, length: Math.min(length, end - offset) }));
}

/** What of `extents` no stretch of `covered` covers; both ascending and without overlap. */
export function without(extents: Extent[], covered: Extent[]): Extent[] {
  const left: Extent[] = [];
  let at = 0;
  for (const { offset, length } of extents) {
    let from = offset;
    const end = offset + length;
    while (at > 0 && endOf(covered[at - 1]) > offset) at--;
    for (; at < covered.length && (covered[at] as Extent).offset < end; at++) {
      const hole = covered[at] as Extent;
      if (hole.offset > from) left.push({ offset: from, length: Math.min(hole.offset, end) - from });
      from = Math.max(from, endOf(hole));
    }
    if (from < end) left.push({ offset: from, length: end - from });
  }
  return left;
}

/** Both together, ascending, neighbours merged. */
export function union(one: Extent[], other: Extent[]): Extent[] {
  const merged: Extent[] = [];
  for (const { offset, length } of [...one, ...other].sort((a, b) => a.offset - b.offset)) {
    const last = merged.at(-1);
    if (last === undefined || offset > endOf(last)) merged.push({ offset, length });
    else last.length = Math.max(last.length, offset + length - last.offset);
  }
  return merged;
}

/** A part of a chunk, and where in the file it belongs. */
export interface Piece {
  from: number;
  at: number;
  length: number;
}

/**
 * Where the bytes of a chunk belong.
 * @param stretches where the bytes of a slice lie in the file, one after another
 * @param start the chunk's first byte among those bytes
 * @param only what of the file is wanted; absent: everything
 */
export function* piecesOf(stretches: Extent[], start: number, bytes: number, only?: Extent[]): Generator<Piece> {
  let passed = 0;
  for (const { offset, length } of stretches) {
    const from = Math.max(passed, start);
    const to = Math.min(passed + length, start + bytes);
    if (from < to) {
      const whole = { offset: offset + from - passed, length: to - from };
      for (const wanted of only === undefined ? [whole] : common(whole, only)) {
        yield { from: wanted.offset - whole.offset + from - start, at: wanted.offset, length: wanted.length };
      }
    }
    passed += length;
  }
}

function common({ offset, length }: Extent, others: Extent[]): Extent[] {
  const found: Extent[] = [];
  for (const other of others) {
    const from = Math.max(offset, other.offset);
    const to = Math.min(offset + length, other.offset + other.length);
    if (from < to) found.push({ offset: from, length: to - from });
  }
  return found;
}

export function lengthOf(extents: Extent[]): number {
  return extents.reduce((sum, { length }) => sum + length, 0);
}

export function endOf(extent: Extent | undefined): number {
  return extent === undefined ? 0 : extent.offset + extent.length;
}
