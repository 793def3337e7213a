/**
 * Keeps the memory of a worker small. Its bytes lie outside of JavaScript's heap, so no heap needs a large nursery: V8's would
 * grow by 40 MiB and stay so. Large pieces are given back to the system as soon as they are free (glibc; elsewhere nothing
 * happens): left to itself the allocator learns from the first megabyte that is freed to keep such pieces, in an arena per thread.
 */
import { setFlagsFromString } from 'node:v8';

type Koffi = typeof import('koffi', { with: { 'resolution-mode': 'import' }});
// Its types say that it is an ES module only; it is both.
const koffi = require('koffi') as Koffi;

const mmapThreshold = -3;
const arenaMax = -8;

export function boundMemory(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
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
