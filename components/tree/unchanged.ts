/**
 * Whether files are still what they were when they were read, by the one rule that can be trusted without reading them
 * (see docs/data-safety.md): size, inode, mtime and ctime, looked at now, equal those taken before the first read, and both times were
 * at least two seconds old then, so that no later write can hide in a coarse clock.
 */
import fs from 'node:fs';
import { pathBytes, type Slice, type StoredSlice } from '../../domain/tree';
import { withLocated } from './locate';
import { type RootDirs, rootPath } from './read';
import { sameStamp, stampOf } from './stamp';

const settledNs = 2_000_000_000n;

/**
 * @param planned the slices as the new plan has them: other stretches mean other contents
 * @param readAfter a moment before the first read, on this host's clock
 */
export function unchangedSince(stored: StoredSlice[], planned: Slice[], dirs: RootDirs, readAfter: Date): boolean {
  const latest = BigInt(readAfter.getTime()) * 1_000_000n - settledNs;
  if (stored.length !== planned.length) return false;
  return stored.every((slice, at) => {
    const wanted = planned[at];
    if (!wanted || !sameStretch(wanted, slice) || wanted.check?.kind === 'postgres-control') return false;
    if (slice.outcome !== 'ok' || slice.badBlocks !== undefined || !slice.stamp) return false;
    if (BigInt(slice.stamp.mtimeNs) > latest || BigInt(slice.stamp.ctimeNs) > latest) return false;
    const now = lookAt(slice, dirs);
    return now !== undefined && sameStamp(now, slice.stamp);
  });
}

function sameStretch(a: Slice, b: StoredSlice): boolean {
  return (
    a.root === b.root && a.offset === b.offset && a.length === b.length && pathBytes(a.path).equals(pathBytes(b.path))
  );
}

function lookAt({ root, path }: StoredSlice, dirs: RootDirs) {
  try {
    return withLocated(rootPath(dirs, root), pathBytes(path), {}, (found) =>
      stampOf(fs.lstatSync(found.path, { bigint: true })),
    );
  } catch {
    return undefined;
  }
}
