/** About how much there is, by a look that ends early: it only decides how a plan is cut. */
import { type RootDirs, rootPath } from '../tree/read';
import { walkTree } from '../tree/walk';

const lookMs = 2000;
/** Beyond this every plan is cut alike. */
const plenty = 16 * 1024 ** 3;

/** Bytes; undefined when there is plenty, or the look took too long. */
export async function measureTrees(dirs: RootDirs): Promise<number | undefined> {
  const deadline = performance.now() + lookMs;
  let bytes = 0;
  for (const root of Object.keys(dirs)) {
    for await (const found of walkTree(root, rootPath(dirs, root), { details: 'plain' })) {
      if ('skipped' in found) continue;
      bytes += found.size;
      if (bytes > plenty || performance.now() > deadline) return undefined;
    }
  }
  return bytes;
}
