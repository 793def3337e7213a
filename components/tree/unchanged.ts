/**
 * Whether files are still what they were when they were read, by the one rule that can be trusted without reading them
 * (correctness.md, A1): size, inode, mtime and ctime, looked at now, equal those taken before the first read, and mtime was at
 * least two seconds old then, so that no later write can hide in a coarse clock.
 */
import fs from 'node:fs';
import { pathBytes, type Slice, type StoredSlice } from '../../domain/tree';
import { withLocated } from './locate';
import { type RootDirs, rootPath } from './read';
import { sameStamp, stampOf } from './stamp';

const settledNs = 2_000_000_000n;

/** @param planned the slices as the new plan has them: other stretches mean other contents */
export function unchangedSince(stored: StoredSlice[], planned: Slice[], dirs: RootDirs): boolean {
  if (stored.length !== planned.length) return false;
  return stored.every((slice, at) => {
    const wanted = planned[at];
    if (!wanted || wanted.root !== slice.root || wanted.offset !== slice.offset || wanted.length !== slice.length)
      return false;
    if (!pathBytes(wanted.path).equals(pathBytes(slice.path))) return false;
    if (slice.outcome !== 'ok' || slice.badBlocks !== undefined || wanted.check?.kind === 'postgres-control')
      return false;
    if (!slice.stamp || !settled(slice.stamp)) return false;
    const now = lookAt(slice, dirs);
    return now !== undefined && sameStamp(now, slice.stamp);
  });
}

/** ctime is no earlier than the read could have been: judged against it, no clock of this process is needed. */
function settled({ mtimeNs, ctimeNs }: NonNullable<StoredSlice['stamp']>): boolean {
  const changed = BigInt(ctimeNs) > BigInt(mtimeNs) ? BigInt(ctimeNs) : BigInt(mtimeNs);
  return BigInt(Date.now()) * 1_000_000n - changed >= settledNs;
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
