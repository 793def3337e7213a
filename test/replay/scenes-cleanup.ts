/** Cleaning up, and the leases of a run that are renewed beside its steps. */
import { setTimeout as sleep } from 'node:timers/promises';
import { failing, hang } from '../workflows/mocked-site';
import type { Scene } from './scenes';

const request = { graceMs: 86_400_000 };

export const cleanupScenes: Scene[] = [
  { type: 'cleanUp', reason: 'completed', request },
  { type: 'cleanUp', reason: 'refused', request, behaviour: () => ({ storesToClean: failing('store_denied') }) },
  {
    type: 'cleanUp',
    reason: 'aborted',
    request,
    behaviour: () => ({ cleanStore: hang }),
    act: async (_stage, handle) => {
      while ((await handle.query<{ step?: string }>('progress')).step !== 'clean up hot') await sleep(50);
      await handle.cancel();
    },
  },
  { type: 'verifyBackup', reason: 'leased', request: { backup: 'latest', level: 'full' } },
];
