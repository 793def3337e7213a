/**
 * Judges the pages just read. A wrong checksum may only mean that the server was writing the page at that moment: it is read
 * again, a little later each time, and only one that stays wrong is reported.
 */
import type { ReadCheck } from '../../domain/tree';
import { checkPages } from '../postgres/page-checksum';
import { pauseThread } from './pause';
import type { SourceFile } from './source-file';

export interface ReadStretch {
  file: SourceFile;
  buffer: Buffer;
  bytes: number;
  /** Of the buffer's first byte in the file; a multiple of the page size. */
  position: number;
  check: Extract<ReadCheck, { kind: 'postgres-pages' }>;
}

const waitsMs = [1, 5, 25, 100];

/** Block numbers of the pages that stay wrong; a page that is right at a later look replaces what the buffer held. */
export function judgePages({ file, buffer, bytes, position, check }: ReadStretch): number[] {
  const { pageSize, firstBlock, startLsn } = check;
  const first = firstBlock + position / pageSize;
  let bad = checkPages(buffer, bytes, first, pageSize, startLsn);
  for (const wait of waitsMs) {
    if (bad.length === 0) break;
    pauseThread(wait);
    bad = bad.filter((block) => {
      const page = Buffer.alloc(pageSize);
      const length = file.read(page, pageSize, (block - firstBlock) * pageSize);
      // Cut off meanwhile: replay knows of it.
      if (length < pageSize) return false;
      if (checkPages(page, pageSize, block, pageSize, startLsn).length > 0) return true;
      page.copy(buffer, (block - first) * pageSize);
      return false;
    });
  }
  return bad;
}
