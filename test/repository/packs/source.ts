/** Slices of bytes in memory, for tests of packs. */
import { createHash } from 'node:crypto';
import type { FileStamp, Slice } from '../../../domain/tree';
import type { OpenSlice } from '../../../repository/packs/slice-reader';
import { readBytes } from '../../../repository/packs/slice-reader';

export interface MemorySource {
  slices: Slice[];
  open: OpenSlice;
}

export const stamp: FileStamp = { size: 0, ino: '1', mtimeNs: '1700000000000000000', ctimeNs: '1700000000000000000' };

/** @param piece how much a single read gives at the most */
export function memorySource(contents: Buffer[], piece = readBytes): MemorySource {
  const slices = contents.map(
    (bytes, number): Slice => ({
      root: 'data',
      path: `file-${number}`,
      offset: 0,
      length: bytes.length,
      stamp: { ...stamp, size: bytes.length },
      mayChange: false,
    }),
  );
  const open: OpenSlice = (slice) => {
    const bytes = contents[slices.findIndex(({ path }) => path === slice.path)] ?? Buffer.alloc(0);
    let done = 0;
    return {
      read: (buffer) => {
        if (buffer.length !== readBytes) throw new Error('the buffer has another length than was promised');
        const count = bytes.copy(buffer, 0, done, Math.min(bytes.length, done + piece));
        done += count;
        return count;
      },
      finish: () => ({ outcome: 'ok', stamp: slice.stamp }),
    };
  };
  return { slices, open };
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
