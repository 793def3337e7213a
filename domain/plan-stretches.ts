/** Which bytes of a file belong into packs: all but its holes, divided into those an earlier plan placed and those it did not. */
import type { KeptSlice } from './previous-packs';
import type { TreeEntry } from './tree';

export interface Stretch {
  offset: number;
  length: number;
  /** The pack an earlier generation put it into. */
  pack?: number;
}

/** Ascending, without overlap; together they are the file's data exactly. */
export function stretchesOf(entry: TreeEntry, kept: KeptSlice[] = []): Stretch[] {
  if (entry.type !== 'file') return [];
  const data = entry.extents ?? [{ offset: 0, length: entry.size }];
  return data.flatMap(({ offset, length }) => divide(offset, Math.min(offset + length, entry.size), kept));
}

function divide(start: number, end: number, kept: KeptSlice[]): Stretch[] {
  const found: Stretch[] = [];
  let at = start;
  for (const slice of kept) {
    const from = Math.max(at, slice.offset);
    const to = Math.min(end, slice.offset + slice.length);
    if (from >= to) continue;
    if (from > at) found.push({ offset: at, length: from - at });
    found.push({ offset: from, length: to - from, pack: slice.pack });
    at = to;
  }
  if (at < end) found.push({ offset: at, length: end - at });
  return found;
}
