import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { runsPerHistory } from '../../workflows/pack-runs';
import { startTemporal } from '../support/temporal';
import { backupJob } from './mocked-site';
import { onStage } from './with-workers';

let env: TestWorkflowEnvironment;
beforeAll(async () => {
  env = await startTemporal();
});
afterAll(async () => {
  await env?.teardown();
});

/** A run holds up to 2 GiB: a pebibyte is half a million runs, in so many children. */
const runsOfOnePebibyte = 2 ** 50 / 2 ** 31;
const eventsAtMost = 10_000;

test('the runs of one child fit into one history', async () => {
  await onStage(env, {}, async ({ site, start }) => {
    const work = { kind: 'store', site, backupId: 'b', component: 'database', generation: 1 };
    const handle = await start('packRuns', { work, from: 0, to: runsPerHistory, jobs: 8 });
    await handle.result();
    const { historyLength } = await handle.describe();
    expect(historyLength).toBeGreaterThan(3 * runsPerHistory);
    expect(historyLength).toBeLessThan(eventsAtMost);
  });
});

test('the parent of a pebibyte grows by children and not by runs', async () => {
  const children = 6;
  const runs = children * runsPerHistory;
  // Runs that nobody serves would wait for ever: the children are what is counted, so their activities answer at once.
  await onStage(
    env,
    {
      // many at once: it is the parent that is looked at
      beginBackup: () => ({ ...backupJob, jobs: 16 }),
      planComponent: () => ({ runs, packs: 1, files: 1, bytes: 1, lastFrom: runs, warnings: [] }),
    },
    async ({ start }) => {
      const handle = await start('backup', { type: 'full', upload: true });
      let events = 0;
      for (let seen = 0; seen < 1; await new Promise((resolve) => setTimeout(resolve, 500))) {
        const history = await handle.fetchHistory();
        events = history.events?.length ?? 0;
        seen = history.events?.filter((event) => event.childWorkflowExecutionCompletedEventAttributes).length ?? 0;
        if (seen >= 1) {
          const first =
            history.events?.findIndex((event) =>
              event.startChildWorkflowExecutionInitiatedEventAttributes?.workflowId?.endsWith('/0'),
            ) ?? 0;
          const perChild = (events - first) / seen;
          expect(perChild).toBeLessThan(20);
          // stored, verified, copied
          expect(3 * (runsOfOnePebibyte / runsPerHistory) * 9).toBeLessThan(eventsAtMost);
        }
      }
      await handle.terminate();
    },
  );
});
