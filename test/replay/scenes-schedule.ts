/** Runs that a schedule starts: every way one can end, and every wait on the way. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { failing, hang } from '../workflows/mocked-site';
import type { Scene } from './scenes';

/** Small work, under an id of its own; the recorder puts its site into the order. */
function request(workflowId = `scheduled-work/${randomUUID()}`, waitMs = 60_000): object {
  return {
    work: 'nightly',
    when: '0 2 * * * UTC',
    health: { components: ['database'], stores: ['hot'] },
    stores: ['sys/hot'],
    order: {
      type: 'verifyBackup',
      workflowId,
      request: { backup: 'latest', level: 'full' },
      summary: 'verification',
      fingerprint: 'a',
    },
    waitMs,
    atOnce: 2,
  };
}

const elsewhere = `scheduled-work/${randomUUID()}`;
const scene = (reason: string, more: Partial<Scene>): Scene => ({
  type: 'scheduledRun',
  reason,
  request: request(),
  ...more,
});

export const scheduleScenes: Scene[] = [
  { type: 'siteCheck', reason: 'completed', request: { components: ['database'], stores: ['hot'] } },
  scene('completed', {}),
  // From before people were told.
  ...['failed', 'not-well', 'runs-already', 'waited-in-vain'].map((reason) => scene(reason, { kept: true })),
  scene('not-well-and-told', {
    behaviour: () => ({ siteHealth: () => ({ problems: ['no database'], warnings: ['no copy'] }) }),
  }),
  scene('well-at-the-second-look', { behaviour: () => ({ siteHealth: first(failing('internal'), well) }) }),
  scene('waited-for-its-turn', { behaviour: () => ({ takeTurn: first(waiting, () => ({})) }) }),
  scene('waited-out-of-line', { behaviour: () => ({ takeTurn: first(waiting, () => ({})) }) }),
  scene('waited-in-vain-and-told', { request: request(undefined, 500), behaviour: () => ({ takeTurn: waiting }) }),
  scene('another-was-faster', {
    request: request(elsewhere, 500),
    behaviour: () => ({ receiveWal: hang }),
    before: async ({ start }) => {
      await start('shipWal', { component: 'database' }, elsewhere);
    },
  }),
  scene('aborted', {
    behaviour: () => ({ verifyRun: hang }),
    act: async ({ calls }, handle) => {
      while (!calls.includes('verifyRun')) await sleep(100);
      await handle.cancel();
    },
  }),
];

const well = () => ({ problems: [], warnings: [] });
const waiting = () => ({ waitsFor: 'the store sys/hot' });

function first(once: () => unknown, then: () => unknown): () => unknown {
  let calls = 0;
  return () => (calls++ === 0 ? once() : then());
}
