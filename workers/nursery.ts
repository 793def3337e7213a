import { setFlagsFromString } from 'node:v8';

/**
 * Keeps V8's nursery as small as it begins, in every thread. What a worker moves lies outside of the heap, so a large nursery has
 * only costs: it grows by 50 MiB while the program is loaded, never shrinks, and lets buffers from the network wait in it
 * until they weigh as much again. To be called before anything large is loaded.
 */
export function boundNursery(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}
