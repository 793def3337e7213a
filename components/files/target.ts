/** Where the trees of a backed-up `files` component go: back to where they were, or below another directory. */
import fs from 'node:fs';
import path from 'node:path';
import type { FilesFacts } from '../../domain/backup';
import { HoldfastError } from '../../domain/errors';
import { pathBytes, type TreePath } from '../../domain/tree';
import { safeNames, unsafe } from '../tree/locate';
import { type RootDirs, rootDirs } from '../tree/read';

/**
 * Back to the original paths; where one is a link, to what it points to.
 * @param configured the paths of the configuration: whatever a manifest says, nothing else is written to
 * @throws HoldfastError `unsafe_path`
 */
export function dirsInPlace(facts: FilesFacts, configured: string[]): RootDirs {
  const known = new Set(configured.map((one) => path.resolve(one)));
  return byIndex(facts, (original) => {
    if (!known.has(original.toString('utf8'))) {
      throw new HoldfastError('unsafe_path', `${original.toString('utf8')} is not among the configured paths`, {
        hints: ['restore to another directory with --to, or add the path to the configuration'],
      });
    }
    try {
      return fs.realpathSync(original, 'buffer');
    } catch {
      return original;
    }
  });
}

/**
 * Below a folder, each with its whole absolute path: `/etc/app` becomes `<folder>/etc/app`.
 * @throws HoldfastError `unsafe_path`
 */
export function dirsBelow(facts: FilesFacts, folder: string): RootDirs {
  return byIndex(facts, (original) => Buffer.concat([Buffer.from(path.resolve(folder)), original]));
}

function byIndex(facts: FilesFacts, place: (original: Buffer) => Buffer): RootDirs {
  return rootDirs(Object.fromEntries(facts.paths.map((one, index) => [String(index), place(checked(one))])));
}

/** Absolute, and without a name that leads up. */
function checked(original: TreePath): Buffer {
  const bytes = pathBytes(original);
  if (bytes[0] !== 0x2f) throw unsafe(bytes, 'is not absolute, as those of a tree are');
  safeNames(bytes.subarray(1));
  return bytes;
}
