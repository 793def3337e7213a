/** A file of the source, open for one slice: no link followed, nothing but a regular file, its access time left alone where allowed. */
import fs from 'node:fs';
import { HoldfastError } from '../../domain/errors';
import { type FileStamp, pathBytes, showPath, type TreePath } from '../../domain/tree';
import { type Located, withLocated } from './locate';
import { errorCode } from './native';
import { stampOfOpen } from './stamp';

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_NOATIME } = fs.constants;

export class SourceFile {
  /** As it was before the first byte was read. */
  readonly before: FileStamp;

  private constructor(
    private readonly fd: number,
    private readonly shown: string,
  ) {
    this.before = stampOfOpen(fd);
  }

  /** Undefined when it is gone, or no longer a regular file. */
  static open(root: Buffer, path: TreePath): SourceFile | undefined {
    const shown = showPath(path);
    const fd = attempt(shown, () => {
      try {
        return withLocated(root, pathBytes(path), {}, openRegular);
      } catch (error) {
        if (isGone(error)) return undefined;
        throw error;
      }
    });
    return fd === undefined ? undefined : new SourceFile(fd, shown);
  }

  /** Reads until the length is there or the file ends; returns the bytes read. */
  read(buffer: Buffer, length: number, position: number): number {
    return attempt(this.shown, () => {
      let done = 0;
      while (done < length) {
        const bytes = fs.readSync(this.fd, buffer, done, length - done, position + done);
        if (bytes === 0) break;
        done += bytes;
      }
      return done;
    });
  }

  now(): FileStamp {
    return stampOfOpen(this.fd);
  }

  close(): void {
    fs.closeSync(this.fd);
  }
}

function openRegular({ path }: Located): number | undefined {
  const flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK;
  let fd: number;
  try {
    fd = fs.openSync(path, flags | O_NOATIME);
  } catch (error) {
    // Only the owner and root may leave the access time alone.
    if (errorCode(error) !== 'EPERM') throw error;
    fd = fs.openSync(path, flags);
  }
  if (fs.fstatSync(fd).isFile()) return fd;
  fs.closeSync(fd);
  return undefined;
}

function isGone(error: unknown): boolean {
  const code = errorCode(error) ?? (error instanceof HoldfastError ? error.code : undefined);
  // unsafe_path: a directory on the way has become something else.
  return ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO', 'ESTALE', 'unsafe_path'].includes(code ?? '');
}

function attempt<T>(shown: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined) throw error;
    throw new HoldfastError('source_unreadable', `${shown} cannot be read: ${code}`, {
      where: shown,
      hints: code === 'EACCES' ? ['run the agent as a user who may read it, or as root'] : [],
      cause: error,
    });
  }
}
