/** Retention that leaves something locked behind, and the timer that waits for the end of the lock. */
import { setTimeout as sleep } from 'node:timers/promises';
import { retentionWorkflowId, unlockWorkflowId } from '../../domain/retention/requests';
import { type Behaviour, hang } from '../workflows/mocked-site';
import type { Stage } from '../workflows/with-workers';
import type { Scene } from './scene';

const until = '2033-11-22T02:00:00.000Z';
const backupId = 'sys_full_20261122_020000';
const unlock = { store: 'vault', backupId, what: 'lock', until };

/** Of retention that found nothing to do but to wait. */
export function locked(inMs: number): Behaviour {
  return {
    planRetention: () => ({
      ...{ request: { site: 'dc01' }, run: 'r', warnings: [] },
      stores: [
        { ...{ store: 'vault', keep: 2, expire: 0, remove: 0, move: 0, systems: 0 }, locked: { count: 1, until } },
      ],
      unlock: { ...unlock, inMs },
    }),
  };
}

/** Waits for a lock that ends so many milliseconds from now on. */
export function awaited(ms: number): object {
  return { next: { ...unlock, due: Date.now() + ms } };
}

const hour = 3_600_000;

export const unlockScenes: Scene[] = [
  { type: 'applyRetention', reason: 'locked', behaviour: () => locked(hour) },
  {
    type: 'applyRetention',
    reason: 'locked-and-timed-already',
    behaviour: () => locked(hour),
    before: async ({ site, start }) => {
      await start('expireAtUnlock', awaited(2 * hour), unlockWorkflowId(site, site));
    },
  },
  { type: 'expireAtUnlock', reason: 'nothing-left', request: awaited(0) },
  {
    type: 'expireAtUnlock',
    reason: 'told-of-another-one',
    request: awaited(hour),
    firstRun: true,
    act: async (_stage, handle) => {
      await handle.signal('nextUnlock', { ...unlock, store: 'near', due: Date.now() });
    },
  },
  {
    type: 'expireAtUnlock',
    // From before people were told.
    reason: 'retention-failed',
    kept: true,
  },
  {
    type: 'expireAtUnlock',
    reason: 'retention-ran-already',
    request: awaited(0),
    firstRun: true,
    before: async ({ site, start }) => {
      await start('applyRetention', {}, retentionWorkflowId(site, site));
    },
    behaviour: () => ({ planRetention: hang }),
    act: cancelAgain,
  },
  { type: 'expireAtUnlock', reason: 'cancelled', request: awaited(hour), act: (_stage, handle) => handle.cancel() },
];

/** In the run that waits for the next try. */
export async function cancelAgain({ calls }: Stage, handle: Parameters<NonNullable<Scene['act']>>[1]): Promise<void> {
  while (!calls.includes('planRetention')) await sleep(100);
  const first = (await handle.describe()).runId;
  for (let now = first; now === first; now = (await handle.describe()).runId) await sleep(200);
  await handle.cancel();
}
