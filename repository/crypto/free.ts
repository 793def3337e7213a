import { types } from 'node:util';

/** Smaller buffers may share their memory with others (Node's pool), and cost nothing. */
const worthwhile = 64 * 1024;

/**
 * Gives the memory of a large buffer back at once. The garbage collector sees only the small object in front of it and would let
 * dozens of dead frames pile up in every thread. The buffer must be nobody else's, and is empty afterwards.
 */
export function freeNow(bytes: Uint8Array): void {
  const { buffer } = bytes;
  if (types.isArrayBuffer(buffer) && buffer.byteLength >= worthwhile) buffer.transfer(0);
}
