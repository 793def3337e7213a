/** Where a sparse file has data. */
import fs from 'node:fs';
import { seekData, seekHole } from './native';

export interface Extent {
  offset: number;
  length: number;
}

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;

/** As many stretches as an entry may list; of a file with more the smallest holes are stored as the zeros they are read as. */
const mostExtents = 2048;

/**
 * @param size bytes to look at
 * @returns ascending; none when the file is one hole; undefined when there is no hole in it
 */
export function dataExtents(path: Buffer, size: number): Extent[] | undefined {
  // Not to wait for a FIFO that took its place meanwhile.
  const fd = fs.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    if (!fs.fstatSync(fd).isFile()) return undefined;
    const found = collect(fd, size);
    return found.length === 1 && found[0]?.offset === 0 && found[0].length === size ? undefined : found;
  } finally {
    fs.closeSync(fd);
  }
}

function collect(fd: number, size: number): Extent[] {
  const found: Extent[] = [];
  let smallestHole = 0;
  let at = 0;
  while (at < size) {
    const start = seekData(fd, at);
    if (start === undefined || start >= size) break;
    const end = Math.min(seekHole(fd, start) ?? size, size);
    append(found, { offset: start, length: end - start }, smallestHole);
    while (found.length > mostExtents) {
      smallestHole = Math.max(64 * 1024, smallestHole * 2);
      for (const extent of found.splice(0)) append(found, extent, smallestHole);
    }
    at = end;
  }
  return found;
}

function append(found: Extent[], next: Extent, smallestHole: number): void {
  const last = found.at(-1);
  if (last !== undefined && next.offset - (last.offset + last.length) < smallestHole) {
    last.length = next.offset + next.length - last.offset;
  } else {
    found.push(next);
  }
}
