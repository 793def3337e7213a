/** What the engine starts long after it was due, as after an outage of its own. */
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { takeTurn } from '../../activities/schedule/turn';
import { attributes } from '../../workflows/frame/attributes';
import { startTemporal } from '../support/temporal';
import { order } from './scheduled-order';
import { onStage, type Stage } from './with-workers';

let env: TestWorkflowEnvironment;
beforeAll(async () => {
  env = await startTemporal();
});
afterAll(async () => {
  await env?.teardown();
});

const hour = 3_600_000;

/** A schedule that never fires by itself while the test looks. */
async function schedule({ site }: Stage, work: string) {
  const request = order(site, work, { jitterMs: 10 * hour });
  return await env.client.schedule.create({
    scheduleId: `${site}/${work}`,
    spec: { intervals: [{ every: 24 * hour, offset: (Date.now() + 12 * hour) % (24 * hour) }] },
    action: {
      type: 'startWorkflow',
      workflowType: 'scheduledRun',
      workflowId: `scheduled/${site}/${work}`,
      taskQueue: `workflows-${site}`,
      args: [request],
      typedSearchAttributes: [
        { key: attributes.stores, value: request.stores },
        { key: attributes.outcome, value: 'waiting' },
      ],
    },
  });
}

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; ) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error('it does not come');
}

test('what was missed waits apart, each its own time, before it asks for anything, and is in the way of nobody who is on time', async () => {
  await onStage(env, { takeTurn }, async (stage) => {
    const { site } = stage;
    const running = `HoldfastStores = "${site}/hot" AND ExecutionStatus = "Running"`;
    const late = ['one', 'two', 'three'];
    for (const work of late) {
      const made = await schedule(stage, work);
      await made.backfill({ start: new Date(Date.now() - 37 * hour), end: new Date(Date.now() - 35 * hour) });
    }
    await until(async () => {
      const { count } = await env.client.workflow.count(`${running} AND HoldfastOutcome = "blocked"`);
      return count === late.length ? true : undefined;
    });
    const pauses: number[] = [];
    const waiting = [];
    for await (const { workflowId } of env.client.workflow.list({ query: running })) {
      const handle = env.client.workflow.getHandle(workflowId);
      const history = await handle.fetchHistory();
      const events = history.events ?? [];
      const timer = events.flatMap(({ timerStartedEventAttributes: one }) => one?.startToFireTimeout?.seconds ?? []);
      expect(timer).toHaveLength(1);
      expect(events.some(({ activityTaskScheduledEventAttributes: one }) => one)).toBe(false);
      pauses.push(Number(timer[0]));
      waiting.push({ handle, history });
    }
    expect(new Set(pauses).size).toBe(late.length);
    for (const pause of pauses) expect(pause * 1000).toBeLessThanOrEqual(10 * hour);

    const onTime = await schedule(stage, 'four');
    await onTime.trigger();
    const action = await until(async () => (await onTime.describe()).info.recentActions[0]?.action.workflow);
    const run = env.client.workflow.getHandle(action.workflowId);
    expect(await run.result()).toEqual({ outcome: 'completed' });
    const onItsTime = (await run.fetchHistory()).events ?? [];
    expect(onItsTime.some(({ timerStartedEventAttributes: one }) => one)).toBe(false);

    const workflowsPath = require.resolve('../../workflows');
    for (const { handle, history } of waiting) {
      await Worker.runReplayHistory({ workflowsPath }, history, handle.workflowId);
      await handle.terminate();
    }
    for (const work of [...late, 'four']) await env.client.schedule.getHandle(`${site}/${work}`).delete();
  });
}, 120_000);
