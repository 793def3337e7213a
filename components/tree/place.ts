/**
 * Puts the bytes of slices into the files of a target tree, on a worker thread, synchronously.
 *
 * Guaranteed: nothing is written outside the roots, whatever the slices say and whatever links are put in the way; a slice may
 * be placed twice, by two processes at once, with the same end; holes that are no slice's stay holes.
 * Not guaranteed here: sizes, owners, modes, times and everything that is no bytes (see `finish.ts`), and that anything has
 * reached the disk (see `sync.ts`). Files are their maker's only (0600) until then.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { type Extent, piecesOf } from '../../domain/blocks';
import { extentsOf, pathBytes, type StoredSlice, showPath } from '../../domain/tree';
import type { SliceSink } from '../../repository/packs/open';
import { unsafe, withLocated } from './locate';
import { beginWriteOut, errorCode } from './native';
import { placing } from './placing-error';
import { type RootDirs, rootPath } from './read';

export interface Placer {
  /** Whether the target already holds exactly these bytes (restoring over data that is mostly right). */
  holds(slice: StoredSlice): boolean;
  /**
   * @param only stretches of the file that are to be written; absent: all that the slice holds
   * @throws from its `write`: HoldfastError `unsafe_path`, `target_full`, `restore_failed`
   */
  open(slice: StoredSlice, only?: Extent[]): SliceSink;
  /** Closes the file that is open. The placer can be used again. */
  close(): void;
}

export function openPlacer(dirs: RootDirs): Placer {
  return new TreePlacer(dirs);
}

const { O_RDONLY, O_RDWR, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
const compareBytes = 1024 * 1024;
/** Smaller slices are not worth a call of their own. */
const writeOutBytes = 1024 * 1024;

class TreePlacer implements Placer {
  /** Slices of one file tend to follow one another. */
  private current: { key: string; fd: number } | undefined;

  constructor(private readonly dirs: RootDirs) {}

  holds(slice: StoredSlice): boolean {
    return placing(showPath(slice.path), () => {
      const fd = this.openExisting(slice);
      if (fd === undefined) return false;
      try {
        return sha256Of(fd, extentsOf(slice)) === slice.sha256;
      } finally {
        fs.closeSync(fd);
      }
    });
  }

  open(slice: StoredSlice, only?: Extent[]): SliceSink {
    const shown = showPath(slice.path);
    const stretches = extentsOf(slice);
    return {
      write: (chunk, offset) =>
        placing(shown, () => {
          for (const { from, at, length } of piecesOf(stretches, offset, chunk.length, only)) {
            writeAll(this.fileOf(slice), chunk.subarray(from, from + length), at);
          }
        }),
      // The disk works while the next slice is opened, and the sync at the end finds little left to do.
      finish: () => {
        if (slice.length >= writeOutBytes && !slice.extents && !only)
          beginWriteOut(this.fileOf(slice), slice.offset, slice.length);
      },
    };
  }

  close(): void {
    if (this.current !== undefined) fs.closeSync(this.current.fd);
    this.current = undefined;
  }

  /** Only when there is something to write: a slice of a file that had vanished leaves no file. */
  private fileOf(slice: StoredSlice): number {
    const path = pathBytes(slice.path);
    const key = `${slice.root}\0${path.toString('latin1')}`;
    if (this.current?.key === key) return this.current.fd;
    this.close();
    const fd = withLocated(rootPath(this.dirs, slice.root), path, { create: true }, (found) =>
      openTarget(found.path, path),
    );
    this.current = { key, fd };
    return fd;
  }

  private openExisting(slice: StoredSlice): number | undefined {
    const path = pathBytes(slice.path);
    try {
      return withLocated(rootPath(this.dirs, slice.root), path, {}, (found) => {
        const fd = fs.openSync(found.path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
        if (fs.fstatSync(fd).isFile()) return fd;
        fs.closeSync(fd);
        return undefined;
      });
    } catch (error) {
      if (['ENOENT', 'ELOOP', 'ENXIO'].includes(errorCode(error) ?? '')) return undefined;
      throw error;
    }
  }
}

/** Opens a regular file for writing, or makes it; never a link, a device or somebody's FIFO. The caller closes it. */
export function openTarget(path: Buffer, relative: Buffer): number {
  const fd = openForWriting(path);
  if (fs.fstatSync(fd).isFile()) return fd;
  fs.closeSync(fd);
  throw unsafe(relative, 'leads to something that is no file');
}

function openForWriting(path: Buffer): number {
  const flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK;
  try {
    return fs.openSync(path, flags, 0o600);
  } catch (error) {
    if (errorCode(error) !== 'EACCES') throw error;
  }
  // Our own file, finished before and read-only since: this is a second pass over it.
  const kept = fs.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    if (fs.fstatSync(kept).isFile()) fs.fchmodSync(kept, 0o600);
  } finally {
    fs.closeSync(kept);
  }
  return fs.openSync(path, flags, 0o600);
}

function writeAll(fd: number, chunk: Buffer, position: number): void {
  for (let done = 0; done < chunk.length; ) {
    done += fs.writeSync(fd, chunk, done, chunk.length - done, position + done);
  }
}

function sha256Of(fd: number, stretches: Extent[]): string {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(compareBytes);
  for (const { offset, length } of stretches) {
    for (let done = 0; done < length; ) {
      const count = fs.readSync(fd, buffer, 0, Math.min(buffer.length, length - done), offset + done);
      if (count === 0) break;
      hash.update(buffer.subarray(0, count));
      done += count;
    }
  }
  return hash.digest('hex');
}
