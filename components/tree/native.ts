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
  mkdirat: libc.func('int mkdirat(int dirfd, const uint8_t *path, uint32_t mode)'),
  mkfifo: libc.func('int mkfifo(const uint8_t *path, uint32_t mode)'),
  utimensat: libc.func('int utimensat(int dirfd, const uint8_t *path, const uint8_t *times, int flags)'),
  llistxattr: libc.func('int64_t llistxattr(const uint8_t *path, _Out_ uint8_t *list, uint64_t size)'),
  lgetxattr: libc.func(
    'int64_t lgetxattr(const uint8_t *path, const uint8_t *name, _Out_ uint8_t *value, uint64_t size)',
  ),
  lsetxattr: libc.func(
    'int lsetxattr(const uint8_t *path, const uint8_t *name, const uint8_t *value, uint64_t size, int flags)',
  ),
  lremovexattr: libc.func('int lremovexattr(const uint8_t *path, const uint8_t *name)'),
  lseek: libc.func('int64_t lseek(int fd, int64_t offset, int whence)'),
  fallocate: libc.func('int fallocate(int fd, int mode, int64_t offset, int64_t length)'),
  syncfs: libc.func('int syncfs(int fd)'),
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

export function isSystemError(error: unknown): error is SystemError {
  return error instanceof Error && 'code' in error && 'errno' in error;
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

export function openAt(directory: number, name: Buffer, flags: number, mode = 0): number {
  return checked('openat', calls.openat(directory, ended(name), flags | openCloexec, 'uint32_t', mode));
}

export function makeDirectoryAt(directory: number, name: Buffer, mode: number): void {
  checked('mkdirat', calls.mkdirat(directory, ended(name), mode));
}

export function makeFifo(path: Buffer, mode: number): void {
  checked('mkfifo', calls.mkfifo(ended(path), mode));
}

const currentDirectory = -100;
const noFollow = 0x100;

/** Sets access and modification time of the thing itself, never of what a link points to. Nanoseconds since 1970. */
export function setTimes(path: Buffer, accessNs: bigint, modifiedNs: bigint): void {
  const times = Buffer.alloc(32);
  for (const [index, time] of [accessNs, modifiedNs].entries()) {
    const fraction = ((time % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
    times.writeBigInt64LE((time - fraction) / 1_000_000_000n, index * 16);
    times.writeBigInt64LE(fraction, index * 16 + 8);
  }
  checked('utimensat', calls.utimensat(currentDirectory, ended(path), times, noFollow));
}

const listBuffer = Buffer.alloc(64 * 1024);

/** Names of the extended attributes of the thing itself, as the kernel gives them; none where the file system has none. */
export function listXattrs(path: Buffer): string[] {
  const bytes = Number(calls.llistxattr(ended(path), listBuffer, listBuffer.length));
  if (bytes < 0) {
    const error = failure('llistxattr');
    if (error.code === 'ENOTSUP' || error.code === 'EOPNOTSUPP') return [];
    throw error;
  }
  if (bytes === 0) return [];
  return listBuffer
    .toString('latin1', 0, bytes - 1)
    .split('\0')
    .sort();
}

/** The kernel allows no value above 64 KiB. */
const valueBuffer = Buffer.alloc(64 * 1024);

export function getXattr(path: Buffer, name: string): Buffer {
  const bytes = checked(
    'lgetxattr',
    calls.lgetxattr(ended(path), ended(Buffer.from(name, 'latin1')), valueBuffer, valueBuffer.length),
  );
  return Buffer.from(valueBuffer.subarray(0, bytes));
}

export function setXattr(path: Buffer, name: string, value: Buffer): void {
  checked('lsetxattr', calls.lsetxattr(ended(path), ended(Buffer.from(name, 'latin1')), ended(value), value.length, 0));
}

export function removeXattr(path: Buffer, name: string): void {
  checked('lremovexattr', calls.lremovexattr(ended(path), ended(Buffer.from(name, 'latin1'))));
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

/** Writes out everything of the file system on which the open file lies. */
export function syncFileSystem(fd: number): void {
  checked('syncfs', calls.syncfs(fd));
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
