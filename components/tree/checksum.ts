/** The checksum of a file that lies in its tree. */
import fs from 'node:fs';
import { crc32c } from '@node-rs/crc32';
import { pathBytes, type TreeEntry } from '../../domain/tree';
import { withLocated } from './locate';
import { errorCode } from './native';
import { type RootDirs, rootPath } from './read';

const readBytes = 1024 * 1024;

/** Size in bytes and CRC-32C of what is there; undefined when it is not there. No link is followed. */
export function checksumOf(
  dirs: RootDirs,
  { root, path }: Pick<TreeEntry, 'root' | 'path'>,
): { size: number; crc32c: number } | undefined {
  const flags = fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK;
  let fd: number;
  try {
    fd = withLocated(rootPath(dirs, root), pathBytes(path), {}, (found) => fs.openSync(found.path, flags));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const buffer = Buffer.allocUnsafe(readBytes);
    let [size, crc] = [0, 0];
    for (let count = fs.readSync(fd, buffer); count > 0; count = fs.readSync(fd, buffer)) {
      crc = crc32c(buffer.subarray(0, count), crc);
      size += count;
    }
    return { size, crc32c: crc };
  } finally {
    fs.closeSync(fd);
  }
}
