/**
 * Reads the bytes of one slice on a worker thread, synchronously, and says honestly how it went.
 *
 * Guaranteed: exactly the slice's stretch of the file, or the beginning of it when the file has become shorter; a file that
 * was touched between its plan and the end of reading is reported, unless its component says that this is normal; a page of
 * PostgreSQL that looks torn is read again before it is reported.
 * Not guaranteed: that a file which changed while it was read makes sense. The caller tries once more with
 * {@link withFreshStamp}: when it holds still then, the second reading is good.
 */

import type { Extent } from '../../domain/blocks';
import { HoldfastError } from '../../domain/errors';
import { type FileStamp, type Slice, type StoredSlice, showPath } from '../../domain/tree';
import type { SliceReader } from '../../repository/packs/slice-reader';
import { readWholeControl } from './read-control';
import { judgePages } from './read-pages';
import { SourceFile } from './source-file';
import { sameStamp } from './stamp';

/** Path of each root as base64 of its bytes: it goes through a message to another thread, and need not be UTF-8. */
export type RootDirs = Record<string, string>;

export function rootDirs(paths: Record<string, Buffer | string>): RootDirs {
  return Object.fromEntries(Object.entries(paths).map(([root, path]) => [root, Buffer.from(path).toString('base64')]));
}

export function rootPath(dirs: RootDirs, root: string): Buffer {
  const found = Object.hasOwn(dirs, root) ? dirs[root] : undefined;
  if (found === undefined) throw new HoldfastError('internal', `the tree "${root}" has no directory`);
  return Buffer.from(found, 'base64');
}

/** @throws HoldfastError `source_unreadable` when the file is there and may not be read (here or while reading) */
export function openSlice(slice: Slice, dirs: RootDirs): SliceReader {
  const file = SourceFile.open(rootPath(dirs, slice.root), slice.path);
  return file === undefined ? gone : new FileReader(file, slice);
}

const gone: SliceReader = { read: () => 0, finish: () => ({ outcome: 'vanished' }) };

/** The slice to read when its file had changed: judged by what the file was at the first reading. */
export function withFreshStamp(slice: Slice, stamp: FileStamp): Slice {
  return { ...slice, stamp };
}

class FileReader implements SliceReader {
  private done = 0;
  /** Stretches that are still to be read, the next one first. */
  private readonly left: Extent[];
  private readonly badBlocks: number[] = [];

  constructor(
    private readonly file: SourceFile,
    private readonly slice: Slice,
  ) {
    const { offset, length, extents = [{ offset, length }] } = slice;
    this.left = extents.map((extent) => ({ ...extent }));
  }

  /** Never beyond the end of a stretch, so that the caller knows where the bytes lie. */
  read(buffer: Buffer): number {
    while (this.left[0]?.length === 0) this.left.shift();
    const next = this.left[0];
    if (next === undefined) return 0;
    const length = Math.min(this.room(buffer), next.length);
    const bytes = this.fill(buffer, length, next.offset);
    this.done += bytes;
    next.offset += bytes;
    next.length -= bytes;
    if (bytes < length) this.left.length = 0;
    return bytes;
  }

  finish(): Pick<StoredSlice, 'outcome' | 'stamp' | 'badBlocks'> {
    try {
      return {
        outcome: this.outcome(),
        stamp: this.file.before,
        ...(this.badBlocks.length > 0 ? { badBlocks: this.badBlocks } : {}),
      };
    } finally {
      this.file.close();
    }
  }

  /** Whole pages only, so that none is judged in halves. */
  private room(buffer: Buffer): number {
    const { check } = this.slice;
    return check?.kind === 'postgres-pages' ? buffer.length - (buffer.length % check.pageSize) : buffer.length;
  }

  private fill(buffer: Buffer, length: number, position: number): number {
    const { check } = this.slice;
    if (check?.kind === 'postgres-control')
      return readWholeControl(this.file, buffer, length, showPath(this.slice.path));
    const bytes = this.file.read(buffer, length, position);
    if (check?.kind === 'postgres-pages') {
      this.badBlocks.push(...judgePages({ file: this.file, buffer, bytes, position, check }));
    }
    return bytes;
  }

  private outcome(): StoredSlice['outcome'] {
    if (this.done < this.slice.length) return 'shrunk';
    if (this.slice.mayChange) return 'ok';
    const { before } = this.file;
    return sameStamp(before, this.slice.stamp) && sameStamp(before, this.file.now()) ? 'ok' : 'changed';
  }
}
