/**
 * A tree of files as every component sees it: what is there (entries), and which stretches of bytes are to be stored (slices).
 * File names are bytes, not text: a name that is not UTF-8 travels as base64.
 */
import type { Extent } from './blocks';

/** A path relative to its root, `/` between the names; text when it is valid UTF-8, else the bytes in base64. */
export type TreePath = string | { b64: string };

export function pathBytes(path: TreePath): Buffer {
  return typeof path === 'string' ? Buffer.from(path, 'utf8') : Buffer.from(path.b64, 'base64');
}

export function treePath(bytes: Buffer): TreePath {
  const text = bytes.toString('utf8');
  return Buffer.from(text, 'utf8').equals(bytes) ? text : { b64: bytes.toString('base64') };
}

/** For people: never used to open anything. */
export function showPath(path: TreePath): string {
  return typeof path === 'string' ? path : pathBytes(path).toString('latin1');
}

export type EntryType = 'file' | 'directory' | 'symlink' | 'hardlink' | 'fifo';

/** What proves that a file did not change between two looks at it. Times in nanoseconds since 1970, as decimal strings. */
export interface FileStamp {
  size: number;
  ino: string;
  mtimeNs: string;
  ctimeNs: string;
}

export interface TreeEntry extends FileStamp {
  /** Which tree of the component: `data`, a tablespace's oid, or the index of a configured path. */
  root: string;
  /** Relative to the root; `''` is the root itself. */
  path: TreePath;
  type: EntryType;
  /** Permission bits with setuid, setgid and sticky: 0o0000 to 0o7777. */
  mode: number;
  uid: number;
  gid: number;
  /** Owner's names, so that a restore on another host finds the right ids. */
  user?: string;
  group?: string;
  /** Of a symlink: its target, byte for byte. Of a hard link: the path (same root) it is another name of. */
  target?: TreePath;
  xattrs?: Record<string, string /* base64 */>;
  /** Only for sparse files: the stretches that hold data, ascending; what lies between is a hole. Absent: all of it is data. */
  extents?: Extent[];
  /** What of the file is in no slice of this backup is as it was in the backup that this one builds upon. */
  inherits?: true;
}

/** How the bytes of a slice are to be read and judged. */
export type ReadCheck =
  | { kind: 'none' }
  /** PostgreSQL pages: verify each page's checksum. */
  | {
      kind: 'postgres-pages';
      pageSize: number /** block number of the file's first page */;
      firstBlock: number /** pages changed after this LSN (text) are not judged */;
      startLsn: string;
    }
  /** `global/pg_control`: read again until its CRC holds. */
  | { kind: 'postgres-control' };

/** A slice of an earlier backup of the chain, and how much of the file still counts of it. */
export interface BasisRef {
  /** Of the chain: which backup, 0 the full one. */
  link: number;
  /** Pack and its object in the store, and which of its slices. */
  pack: number;
  object: string;
  slice: number;
  /** What lies behind this position was cut off by a later backup. */
  until: number;
}

/** A stretch of one file that goes into one pack. */
export interface Slice {
  /** Index of the entry in its run's `entries`, when the entry lives in this run. */
  root: string;
  path: TreePath;
  offset: number;
  length: number;
  /** The whole file's stamp as planned: tells a file that changed while the backup was running. */
  stamp: FileStamp;
  check?: ReadCheck;
  /** Whether a shorter or vanished file is normal (a live database: replay puts it right) or to be reported (a file tree). */
  mayChange: boolean;
  /** Only these stretches are read, ascending; `length` is their sum. Absent: all of it. */
  extents?: Extent[];
  /** Where the same stretch was stored before, newest first: blocks that are equal there are left out. */
  basis?: BasisRef[];
}

/** Where the stored bytes of a slice lie in its file. */
export function extentsOf({ offset, length, extents }: StoredSlice): Extent[] {
  return extents ?? [{ offset, length }];
}

/** What really was read of a slice. */
export interface StoredSlice {
  root: string;
  path: TreePath;
  offset: number;
  /** Bytes stored: less than planned when the file shrank or blocks were left out, 0 when it vanished. */
  length: number;
  /** Where the stored bytes lie in the file; absent: in one stretch from `offset` on. */
  extents?: Extent[];
  /** With `extents`: bytes from `offset` to the end of what was looked at. */
  span?: number;
  /** Where in the pack's plaintext it starts. */
  at: number;
  /** Of exactly these bytes, hex. */
  sha256: string;
  /** CRC-32C of exactly these bytes: CRCs of neighbouring slices combine to the whole file's, for `backup_manifest`. */
  crc32c: number;
  /** The file's stamp before the first byte was read; absent when it had vanished. */
  stamp?: FileStamp;
  /** `changed`: the stamp after reading differs from the one before; only set where `mayChange` is false. */
  outcome: 'ok' | 'changed' | 'vanished' | 'shrunk';
  /** Block numbers of pages whose checksum was wrong twice. */
  badBlocks?: number[];
}
