/**
 * How long each file really is in a backup. Planned and stored length differ when a file shrank or vanished while it was read:
 * then it ends where the first stretch that is missing begins. Memory in proportion to such files, not to all.
 */
import { pathBytes, type StoredSlice, type TreeEntry, type TreePath } from './tree';

export class StoredSizes {
  private readonly ends = new Map<string, number>();

  add(slices: Iterable<StoredSlice>): void {
    for (const slice of slices) {
      if (slice.outcome !== 'shrunk' && slice.outcome !== 'vanished') continue;
      const key = keyOf(slice);
      this.ends.set(key, Math.min(this.ends.get(key) ?? Number.POSITIVE_INFINITY, endOfSlice(slice)));
      if (slice.outcome === 'vanished' && slice.offset === 0) this.ends.set(key, -1);
    }
  }

  /** Bytes of the file in the backup; undefined when it vanished before anything of it was read: it is not part of it. */
  of(entry: TreeEntry): number | undefined {
    const end = this.ends.get(keyOf(entry));
    if (end === undefined) return entry.size;
    return end < 0 ? undefined : end;
  }
}

/** Where in the file the reading of a slice ended. */
export function endOfSlice({ offset, length, span }: StoredSlice): number {
  return offset + (span ?? length);
}

function keyOf({ root, path }: { root: string; path: TreePath }): string {
  return `${root}\0${pathBytes(path).toString('latin1')}`;
}
