/**
 * What a pack is built from. A component opens one reader per slice, on the worker thread; everything is synchronous.
 */
import type { Slice, StoredSlice } from '../../domain/tree';

export interface SliceReader {
  /**
   * Fills the buffer from its start with the slice's next bytes and returns how many there are; fewer than the buffer holds
   * is allowed, 0 means that the slice has ended. The buffer is always {@link readBytes} long, so that whole pages fit.
   */
  read(buffer: Buffer): number;
  /** Called once, after the last read (also when reading threw): closes, and says how it went. */
  finish(): Pick<StoredSlice, 'outcome' | 'stamp' | 'badBlocks'>;
}

export type OpenSlice = (slice: Slice) => SliceReader;

/** Length of the buffer that {@link SliceReader.read} is given. */
export const readBytes = 1024 * 1024;
