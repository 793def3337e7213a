/** Which bytes of a file belong into packs: all but its holes, divided into those an earlier plan placed and those it did not. */
import type { Extent } from './blocks';
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

/** Bytes of a slice made of scattered stretches at the most: a few of them fit a pack. */
const windowBytes = 4 * 1024 * 1024;

/** Scattered stretches of a file as slices, none longer than a few MiB. */
export function* windowsOf(extents: Extent[]): Generator<{ offset: number; length: number; extents: Extent[] }> {
  let open: Extent[] = [];
  let length = 0;
  const close = () => {
    const part = { offset: (open[0] as Extent).offset, length, extents: open };
    [open, length] = [[], 0];
    return part;
  };
  for (const extent of extents) {
    for (let done = 0; done < extent.length; ) {
      const piece = Math.min(extent.length - done, windowBytes - length);
      open.push({ offset: extent.offset + done, length: piece });
      length += piece;
      done += piece;
      if (length === windowBytes) yield close();
    }
  }
  if (open.length > 0) yield close();
}
