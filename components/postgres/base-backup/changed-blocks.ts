/**
 * `INCREMENTAL.<name>` in a base backup that builds upon another (PostgreSQL: `src/backend/backup/basebackup.c`): which blocks of the file changed,
 * how long the file is, and then those blocks. Here it becomes the file itself with the stretches that came; the rest is in the backup before.
 */
import { append, type Extent } from '../../../domain/blocks';
import { HoldfastError } from '../../../domain/errors';
import { pathBytes, showPath, type TreeEntry, treePath } from '../../../domain/tree';

const magic = 0xd3ae1f0d;
const prefix = Buffer.from('INCREMENTAL.');
/** Magic, number of blocks, length of the file in blocks. */
const fixedBytes = 12;
const numberBytes = 4;

export interface ChangedFile {
  /** Under the file's own name, with its own size. */
  entry: TreeEntry;
  /** Ascending: where the bytes of `body` belong. */
  extents: Extent[];
  body: AsyncIterable<Buffer>;
}

/** The path of the file whose blocks these are; undefined for a file that came whole. */
export function ownPath({ path }: TreeEntry): Buffer | undefined {
  const bytes = pathBytes(path);
  const name = bytes.lastIndexOf('/') + 1;
  if (!bytes.subarray(name).subarray(0, prefix.length).equals(prefix)) return undefined;
  return Buffer.concat([bytes.subarray(0, name), bytes.subarray(name + prefix.length)]);
}

/** @throws HoldfastError `source_unreadable` when it is not what its name says */
export async function readChanged(
  entry: TreeEntry,
  path: Buffer,
  bytes: AsyncIterable<Buffer>,
  pageSize: number,
): Promise<ChangedFile> {
  const source = new Portions(bytes);
  const head = await source.take(fixedBytes);
  const [count, blocks] = [head.readUInt32LE(4), head.readUInt32LE(8)];
  if (head.readUInt32LE(0) !== magic || count * (numberBytes + pageSize) > entry.size) {
    throw new HoldfastError('source_unreadable', 'the server sent changed blocks in an unknown form', {
      where: showPath(entry.path),
    });
  }
  const numbers = await source.take(count * numberBytes);
  const told = fixedBytes + numbers.length;
  // Blocks begin where a page would; without any there is nothing to align.
  if (count > 0 && told % pageSize !== 0) await source.take(pageSize - (told % pageSize));
  const extents: Extent[] = [];
  for (let at = 0; at < numbers.length; at += numberBytes)
    append(extents, numbers.readUInt32LE(at) * pageSize, pageSize);
  const last = count === 0 ? 0 : numbers.readUInt32LE(numbers.length - numberBytes) + 1;
  const size = Math.max(blocks, last) * pageSize;
  return { entry: { ...entry, path: treePath(path), size }, extents, body: source.rest() };
}

/** Bytes in portions of a wanted length, and then whatever is left. */
class Portions {
  private readonly parts: AsyncIterator<Buffer>;
  private left: Buffer = Buffer.alloc(0);

  constructor(bytes: AsyncIterable<Buffer>) {
    this.parts = bytes[Symbol.asyncIterator]();
  }

  async take(length: number): Promise<Buffer> {
    const held = [this.left];
    for (let bytes = this.left.length; bytes < length; ) {
      const { done, value } = await this.parts.next();
      if (done) throw new HoldfastError('source_unreadable', 'the server sent fewer bytes of a file than it said');
      held.push(value);
      bytes += value.length;
    }
    const all = Buffer.concat(held);
    this.left = all.subarray(length);
    return all.subarray(0, length);
  }

  async *rest(): AsyncGenerator<Buffer, void, void> {
    if (this.left.length > 0) yield this.left;
    for (let next = await this.parts.next(); !next.done; next = await this.parts.next()) yield next.value;
  }
}
