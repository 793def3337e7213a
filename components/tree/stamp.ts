/** The stamp of an open file. */
import fs from 'node:fs';
import type { FileStamp } from '../../domain/tree';

export function stampOf(stats: fs.BigIntStats): FileStamp {
  return {
    size: Number(stats.size),
    ino: String(stats.ino),
    mtimeNs: String(stats.mtimeNs),
    ctimeNs: String(stats.ctimeNs),
  };
}

export function sameStamp(a: FileStamp, b: FileStamp): boolean {
  return a.size === b.size && a.ino === b.ino && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs;
}

export function stampOfOpen(fd: number): FileStamp {
  return stampOf(fs.fstatSync(fd, { bigint: true }));
}
