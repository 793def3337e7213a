/**
 * Where packs begin that are cut out of a stream, whose whole is not known beforehand. Two streams of one database differ a little: were packs
 * cut by position alone, a file that grew would shift every pack behind it. So some files begin a pack of their own, chosen by what does not
 * shift, and from there on unchanged files make the same packs again.
 */
import { packBytes } from './pack';
import { pathBytes, type TreePath } from './tree';

/** Of small files about one in so many: with the usual size of tables that leaves packs mostly full. */
const oneIn = 512;

export function beginsPack(root: string, path: TreePath, size: number): boolean {
  return size >= packBytes / 2 || hashOf(`${root}/${pathBytes(path).toString('latin1')}`) % oneIn === 0;
}

/** FNV-1a; nothing depends on its being hard to guess. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}
