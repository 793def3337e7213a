/** The few file operations of a `dir` store, each durable when it returns, with errors in the words of the catalogue. */
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { type ErrorCode, HoldfastError, isHoldfastError } from '../../domain/errors';

const codes: Record<string, ErrorCode> = {
  ENOSPC: 'store_full',
  EDQUOT: 'store_full',
  EFBIG: 'store_full',
  EACCES: 'store_denied',
  EPERM: 'store_denied',
  EROFS: 'store_denied',
  ENOTSUP: 'store_denied',
  ENOTDIR: 'store_denied',
};

/** The name of a file system error (`ENOENT`); by its looks, since it may come from another realm. */
export function errnoOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' && 'syscall' in error ? error.code : undefined;
}

/** Whether the caller's own signal ended it. */
export function isAbort(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'name' in error && error.name === 'AbortError';
}

/** An error of the file system as an error of a store; what is ours already, or an abort, stays as it is. */
export function dirError(error: unknown, where: string): unknown {
  if (isHoldfastError(error) || isAbort(error)) return error;
  const errno = errnoOf(error);
  if (errno === undefined) return error;
  const code = codes[errno] ?? 'store_unavailable';
  const hints: Partial<Record<ErrorCode, string>> = {
    store_full: 'make room on the file system of the store, or point the store to a larger one',
    store_denied: 'the user that runs holdfast needs to write there, on a file system with hard links',
    store_unavailable: 'check that the file system of the store is mounted and sound',
  };
  return new HoldfastError(code, `the store's file system answered ${errno}`, {
    where,
    hints: [hints[code] ?? ''].filter((hint) => hint !== ''),
    cause: error,
  });
}

export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Creates the folders below `root` that lead to `folder` (never `root` itself: it may be a mount point without its mount). */
export async function makeFolders(root: string, folder: string): Promise<void> {
  if (folder === root) return;
  const parent = path.dirname(folder);
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'EEXIST') return;
    if (errno !== 'ENOENT' || parent === root) throw error;
    await makeFolders(root, parent);
    await makeFolders(root, folder);
    return;
  }
  await syncFolder(parent);
}

export async function writeWhole(file: string, body: Uint8Array, signal?: AbortSignal): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    for (let at = 0; at < body.byteLength; ) {
      signal?.throwIfAborted();
      const { bytesWritten } = await handle.write(body, at, Math.min(body.byteLength - at, 8 << 20));
      at += bytesWritten;
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Reads up to `length` bytes; by default into memory of their own (which can be handed to a thread without copying). */
export async function readStretch(
  handle: FileHandle,
  start: number,
  length: number,
  allocate: (bytes: number) => Buffer = Buffer.allocUnsafeSlow,
): Promise<Buffer> {
  const buffer = allocate(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, start + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled === length ? buffer : buffer.subarray(0, filled);
}

/** Removes folders that have become empty, from `folder` upwards, never `root`. */
export async function removeEmptyFolders(root: string, folder: string): Promise<void> {
  for (let at = folder; at !== root && at.startsWith(root); at = path.dirname(at)) {
    try {
      await rmdir(at);
    } catch {
      return; // not empty, or gone already
    }
  }
}
