/**
 * The calls of libc that Node does not have, or has only with less than nanoseconds or only for text: bound with koffi.
 * Linux, 64 bit. Every path is bytes; a failure is an error as Node's own (`code`, `errno`, `syscall`), so that callers need
 * not know which of the two it came from.
 */
import { getSystemErrorName } from 'node:util';

type Koffi = typeof import('koffi', { with: { 'resolution-mode': 'import' }});
// Its types say that it is an ES module only; it is both.
const koffi = require('koffi') as Koffi;

const libc = koffi.load(null);

const calls = {
  openat: libc.func('int openat(int dirfd, const uint8_t *path, int flags, ... )'),
  close: libc.func('int close(int fd)'),
  mkdirat: libc.func('int mkdirat(int dirfd, const uint8_t *path, uint32_t mode)'),
  mkfifo: libc.func('int mkfifo(const uint8_t *path, uint32_t mode)'),
  utimensat: libc.func('int utimensat(int dirfd, const uint8_t *path, const uint8_t *times, int flags)'),
  llistxattr: libc.func('int64_t llistxattr(const uint8_t *path, _Out_ uint8_t *list, uint64_t size)'),
  listxattr: libc.func('int64_t listxattr(const uint8_t *path, _Out_ uint8_t *list, uint64_t size)'),
  lgetxattr: libc.func(
    'int64_t lgetxattr(const uint8_t *path, const uint8_t *name, _Out_ uint8_t *value, uint64_t size)',
  ),
  getxattr: libc.func(
    'int64_t getxattr(const uint8_t *path, const uint8_t *name, _Out_ uint8_t *value, uint64_t size)',
  ),
  setxattr: libc.func(
    'int setxattr(const uint8_t *path, const uint8_t *name, const uint8_t *value, uint64_t size, int flags)',
  ),
  removexattr: libc.func('int removexattr(const uint8_t *path, const uint8_t *name)'),
  lseek: libc.func('int64_t lseek(int fd, int64_t offset, int whence)'),
  fallocate: libc.func('int fallocate(int fd, int mode, int64_t offset, int64_t length)'),
  syncfs: libc.func('int syncfs(int fd)'),
  syncFileRange: libc.func('int sync_file_range(int fd, int64_t offset, int64_t length, unsigned int flags)'),
  flock: libc.func('int flock(int fd, int operation)'),
};

const openCloexec = 0o2000000;
/** Opens a place in the tree without reading it: works on directories that may be passed but not listed. */
export const openPathOnly = 0o10000000;

export interface SystemError extends Error {
  code: string;
  errno: number;
  syscall: string;
}

/** By shape and not by `instanceof`: Node's own errors may come from another realm. */
export function isSystemError(error: unknown): error is SystemError {
  return typeof error === 'object' && error !== null && 'code' in error && 'errno' in error && 'syscall' in error;
}

/** The `code` of a failed call of Node's `fs` or of this file (`ENOENT`…); undefined for any other error. */
export function errorCode(error: unknown): string | undefined {
  return isSystemError(error) ? error.code : undefined;
}

function failure(syscall: string): SystemError {
  const errno = -koffi.errno();
  const code = getSystemErrorName(errno);
  return Object.assign(new Error(`${code}: ${syscall} failed`), { code, errno, syscall });
}

function checked(syscall: string, result: number | bigint): number {
  if (Number(result) < 0) throw failure(syscall);
  return Number(result);
}

function ended(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.of(0)]);
}

/** Stands for no directory at all: for absolute paths. */
export const nowhere = -100;

/** Close it with {@link closeOpened}. */
export function openAt(directory: number, name: Buffer, flags: number, mode = 0): number {
  return checked('openat', calls.openat(directory, ended(name), flags | openCloexec, 'uint32_t', mode));
}

/** For what {@link openAt} opened: in a worker thread Node warns of a descriptor that it closes and did not open. */
export function closeOpened(fd: number): void {
  checked('close', calls.close(fd));
}

export function makeDirectoryAt(directory: number, name: Buffer, mode: number): void {
  checked('mkdirat', calls.mkdirat(directory, ended(name), mode));
}

export function makeFifo(path: Buffer, mode: number): void {
  checked('mkfifo', calls.mkfifo(ended(path), mode));
}

const leaveAsIs = 0x3ffffffen;
const second = 1_000_000_000n;

/** Sets the modification time, exact to the nanosecond, counted from 1970; the access time stays. Follows links. */
export function setModified(path: Buffer, nanoseconds: bigint): void {
  const fraction = ((nanoseconds % second) + second) % second;
  const times = Buffer.alloc(32);
  times.writeBigInt64LE(leaveAsIs, 8);
  times.writeBigInt64LE((nanoseconds - fraction) / second, 16);
  times.writeBigInt64LE(fraction, 24);
  checked('utimensat', calls.utimensat(nowhere, ended(path), times, 0));
}

/** Whether a link at the path's end is followed. What an open descriptor stands for is always meant by `/proc/self/fd/N`. */
export type AtLink = 'follow' | 'stay';

/** The kernel allows no list of names and no value above 64 KiB. */
const attributes = Buffer.alloc(64 * 1024);

/** Names of the extended attributes, in order; none where the file system has none. */
export function listXattrs(path: Buffer, link: AtLink = 'stay'): string[] {
  const list = link === 'stay' ? calls.llistxattr : calls.listxattr;
  const bytes = Number(list(ended(path), attributes, attributes.length));
  if (bytes < 0) {
    const error = failure('listxattr');
    if (error.code === 'ENOTSUP' || error.code === 'EOPNOTSUPP') return [];
    throw error;
  }
  if (bytes === 0) return [];
  const names = attributes.toString('latin1', 0, bytes - 1);
  return names.split('\0').sort();
}

export function getXattr(path: Buffer, name: string, link: AtLink = 'stay'): Buffer {
  const get = link === 'stay' ? calls.lgetxattr : calls.getxattr;
  const bytes = checked('getxattr', get(ended(path), attributeName(name), attributes, attributes.length));
  return Buffer.from(attributes.subarray(0, bytes));
}

/** Follows links, as {@link removeXattr}. */
export function setXattr(path: Buffer, name: string, value: Buffer): void {
  checked('setxattr', calls.setxattr(ended(path), attributeName(name), ended(value), value.length, 0));
}

export function removeXattr(path: Buffer, name: string): void {
  checked('removexattr', calls.removexattr(ended(path), attributeName(name)));
}

function attributeName(name: string): Buffer {
  return ended(Buffer.from(name, 'latin1'));
}

/** Where the next data at or after `offset` begins; undefined when only a hole follows. */
export function seekData(fd: number, offset: number): number | undefined {
  return seek(fd, offset, 3);
}

/** Where the next hole at or after `offset` begins (the file's end counts as one). */
export function seekHole(fd: number, offset: number): number | undefined {
  return seek(fd, offset, 4);
}

function seek(fd: number, offset: number, whence: number): number | undefined {
  const found = Number(calls.lseek(fd, offset, whence));
  if (found >= 0) return found;
  const error = failure('lseek');
  if (error.code === 'ENXIO') return undefined;
  throw error;
}

const keepSize = 1;
const punch = 2;

/** Makes a hole in an open file; its size stays. */
export function punchHole(fd: number, offset: number, length: number): void {
  checked('fallocate', calls.fallocate(fd, keepSize | punch, offset, length));
}

/** Writes out everything of the file system on which the open file lies; on another thread, since that may take minutes. */
export function syncFileSystem(fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    calls.syncfs.async(fd, (error: unknown, result: number) => {
      if (error || result !== 0) reject(error instanceof Error ? error : failure('syncfs'));
      else resolve();
    });
  });
}

const rangeWrite = 2;

/** Has the kernel begin to write out a stretch of a file, without waiting. Only a hint: where it cannot be done nothing happens. */
export function beginWriteOut(fd: number, offset: number, length: number): void {
  calls.syncFileRange(fd, offset, length, rangeWrite);
}

const exclusive = 2;
const doNotWait = 4;

/** Takes the lock of an open file; false when somebody else holds it. It ends with the last descriptor: a dead process holds none. */
export function tryLock(fd: number): boolean {
  if (Number(calls.flock(fd, exclusive | doNotWait)) === 0) return true;
  const error = failure('flock');
  if (error.code === 'EAGAIN' || error.code === 'EWOULDBLOCK') return false;
  throw error;
}
