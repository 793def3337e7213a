/**
 * Keeps the memory of a worker small (glibc; elsewhere nothing happens): large pieces are given back to the system as soon as they
 * are free. Left to itself the allocator learns from the first megabyte that is freed to keep such pieces, in an arena per thread.
 * JavaScript's own memory: `nursery.ts`.
 */
type Koffi = typeof import('koffi', { with: { 'resolution-mode': 'import' }});
// Its types say that it is an ES module only; it is both.
const koffi = require('koffi') as Koffi;

const mmapThreshold = -3;
const arenaMax = -8;

export function boundMemory(): void {
  try {
    const mallopt = koffi.load(null).func('int mallopt(int param, int value)') as (
      param: number,
      value: number,
    ) => number;
    mallopt(mmapThreshold, 512 * 1024);
    mallopt(arenaMax, 2);
  } catch {
    // another libc
  }
}
