/** How retention can end. */
import { setTimeout as sleep } from 'node:timers/promises';
import { failing, hang } from '../workflows/mocked-site';
import type { Scene } from './scenes';

/** One of two stores has something new that may not be deleted. */
const archiving = () => ({
  planRetention: () => ({
    ...{ request: { site: 'dc01' }, run: 'r', warnings: [] },
    stores: [
      { store: 'hot', keep: 2, expire: 0, remove: 1, move: 0, systems: 1, inArchive: 1 },
      { store: 'far', keep: 3, expire: 1, remove: 0, move: 0, systems: 0, inArchive: 2, archive: 1 },
    ],
  }),
});

export const retentionScenes: Scene[] = [
  { type: 'applyRetention', reason: 'completed' },
  {
    type: 'applyRetention',
    reason: 'refused',
    behaviour: () => ({ planRetention: failing('listing_incomplete') }),
  },
  {
    type: 'applyRetention',
    reason: 'nothing-to-do',
    behaviour: () => ({
      planRetention: () => ({
        ...{ request: { site: 'dc01' }, run: 'r', warnings: [] },
        stores: [{ store: 'hot', keep: 2, expire: 0, remove: 0, move: 0, systems: 0 }],
      }),
    }),
  },
  { type: 'applyRetention', reason: 'archived', behaviour: archiving },
  // Recorded by a worker that knew of no archive, beside an agent that did.
  { type: 'applyRetention', reason: 'archived-by-nobody-yet', behaviour: archiving, kept: true },
  {
    type: 'applyRetention',
    reason: 'aborted',
    behaviour: () => ({ sweepBackups: hang }),
    act: async ({ calls }, handle) => {
      while (!calls.includes('sweepBackups')) await sleep(100);
      await handle.cancel();
    },
  },
];
