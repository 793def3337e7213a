/** Runs of schedules on a real server, each with the real question whose turn it is. */
import { Context } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { toldBefore } from '../../activities/notify/told';
import { takeTurn } from '../../activities/schedule/turn';
import type { Delivery, Notice } from '../../domain/notifications/notice';
import type { Health, ScheduledEnd, ScheduledRequest } from '../../domain/schedule/request';
import { attributes } from '../../workflows/frame/attributes';
import { startTemporal } from '../support/temporal';
import { type Behaviour, backupJob, failing, oneRun } from './mocked-site';
import { order } from './scheduled-order';
import { onStage, type Stage } from './with-workers';

let env: TestWorkflowEnvironment;
beforeAll(async () => {
  env = await startTemporal();
});
afterAll(async () => {
  await env?.teardown();
});

async function begin({ site }: Stage, request: ScheduledRequest): Promise<WorkflowHandle> {
  return await env.client.workflow.start('scheduledRun', {
    workflowId: `scheduled/${site}/${request.work}`,
    taskQueue: `workflows-${site}`,
    args: [request],
    typedSearchAttributes: [{ key: attributes.stores, value: request.stores }],
  });
}

/** As the Web UI shows it, from the workflow itself. */
async function waitsFor(handle: WorkflowHandle): Promise<void> {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; ) {
    const { raw } = await handle.describe();
    const { events } = await handle.fetchHistory();
    if (raw.workflowExecutionInfo && events?.some(({ timerStartedEventAttributes }) => timerStartedEventAttributes))
      return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('it does not wait');
}

async function until(look: () => boolean): Promise<void> {
  while (!look()) await new Promise((resolve) => setTimeout(resolve, 50));
}

/** The packs of one backup are verified until the gate opens. */
function gated(): { behaviour: Behaviour; open: () => void } {
  const gate = Promise.withResolvers<void>();
  const behaviour: Behaviour = {
    takeTurn,
    verifyRun: async () => {
      const activity = Context.current();
      const pulse = setInterval(() => activity.heartbeat(), 200);
      await Promise.race([gate.promise, activity.cancelled]).finally(() => clearInterval(pulse));
      return oneRun;
    },
  };
  return { behaviour, open: gate.resolve };
}

test('at a store where one may work at a time the second waits for the first, and begins when it has ended', async () => {
  const { behaviour, open } = gated();
  await onStage(env, behaviour, async (stage) => {
    const first = await begin(stage, order(stage.site, 'first'));
    await until(() => stage.calls.includes('verifyRun'));
    const second = await begin(stage, order(stage.site, 'second'));
    await waitsFor(second);
    expect(stage.calls.filter((call) => call === 'findBackup')).toHaveLength(1);
    open();
    expect(await first.result()).toEqual({ outcome: 'completed' });
    expect(await second.result()).toEqual({ outcome: 'completed' });
  });
});

test('who was terminated holds no place, and its work goes on', async () => {
  const { behaviour, open } = gated();
  await onStage(env, behaviour, async (stage) => {
    const first = await begin(stage, order(stage.site, 'first'));
    await until(() => stage.calls.includes('verifyRun'));
    await first.terminate();
    const second = await begin(stage, order(stage.site, 'second'));
    await until(() => stage.calls.filter((call) => call === 'findBackup').length === 2);
    const work = env.client.workflow.getHandle(`work/${stage.site}/first`);
    expect((await work.describe()).status.name).toBe('RUNNING');
    open();
    expect(await second.result()).toEqual({ outcome: 'completed' });
    expect(await work.result()).toMatchObject({ status: 'completed' });
  });
});

test('what runs already by hand is not done twice; another request under its id is waited for', async () => {
  const { behaviour, open } = gated();
  await onStage(env, behaviour, async (stage) => {
    const { site } = stage;
    const request = order(site, 'mine').order;
    const byHand = await env.client.workflow.start('verifyBackup', {
      workflowId: request.workflowId,
      taskQueue: `workflows-${site}`,
      args: [request.request],
      memo: { request: request.fingerprint },
    });
    await until(() => stage.calls.includes('verifyRun'));
    const same = await (await begin(stage, order(site, 'mine'))).result();
    expect(same).toEqual({ outcome: 'skipped', reason: `${request.workflowId} runs already` } satisfies ScheduledEnd);
    const other = await begin(stage, { ...order(site, 'other'), order: { ...request, fingerprint: 'other' } });
    await waitsFor(other);
    open();
    await byHand.result();
    expect(await other.result()).toEqual({ outcome: 'completed' });
  });
});

test('who waits for another of its own site keeps its place at the store from nobody', async () => {
  const { behaviour, open } = gated();
  await onStage(env, behaviour, async (stage) => {
    const { site } = stage;
    const request = order(site, 'mine').order;
    const args = [request.request];
    const queue = { taskQueue: `workflows-${site}`, args };
    const byHand = await env.client.workflow.start('verifyBackup', { workflowId: request.workflowId, ...queue });
    await until(() => stage.calls.includes('verifyRun'));
    const blocked = await begin(stage, { ...order(site, 'blocked'), order: { ...request, fingerprint: 'other' } });
    const shown = `HoldfastStores = "${site}/hot" AND HoldfastOutcome = "blocked"`;
    while ((await env.client.workflow.count(shown)).count === 0) await new Promise((next) => setTimeout(next, 50));
    const after = await begin(stage, order(site, 'after'));
    await until(() => stage.calls.filter((call) => call === 'findBackup').length === 2);
    open();
    await byHand.result();
    expect(await after.result()).toEqual({ outcome: 'completed' });
    expect(await blocked.result()).toEqual({ outcome: 'completed' });
  });
});

test('nothing is backed up while its site is being restored in place', async () => {
  const { behaviour, open } = gated();
  await onStage(env, behaviour, async (stage) => {
    const { site } = stage;
    const workflowId = `restore/${site}/in-place`;
    const args = [order(site, 'restored').order.request];
    const restore = await env.client.workflow.start('verifyBackup', {
      workflowId,
      taskQueue: `workflows-${site}`,
      args,
    });
    await until(() => stage.calls.includes('verifyRun'));
    const run = await begin(stage, order(site, 'backup', { notDuring: [workflowId] }));
    await waitsFor(run);
    expect(stage.calls.filter((call) => call === 'findBackup')).toHaveLength(1);
    open();
    await restore.result();
    expect(await run.result()).toEqual({ outcome: 'completed' });
  });
});

test('a site whose agent is not there is told of within seconds', async () => {
  await onStage(env, {}, async ({ site }) => {
    const nowhere = `${site}-nowhere`;
    const health = await env.client.workflow.execute<(question: object) => Promise<Health>>('siteCheck', {
      workflowId: `check/${nowhere}`,
      taskQueue: `workflows-${site}`,
      args: [{ site: nowhere, components: [], stores: ['hot'] }],
    });
    expect(health).toEqual({ problems: [`the agent of ${nowhere} does not answer`], warnings: [] });
  });
});

/** A schedule that runs when it is told to, one run after the other. */
async function scheduleOf(site: string, request: ScheduledRequest) {
  const schedule = await env.client.schedule.create({
    scheduleId: `${site}/${request.work}`,
    spec: {},
    action: { type: 'startWorkflow', workflowType: 'scheduledRun', taskQueue: `workflows-${site}`, args: [request] },
  });
  /** Of a run that the schedule does not know to have ended the next one is skipped: it is asked for again. */
  const next = async (known: number): Promise<string> => {
    await schedule.trigger();
    for (const until = Date.now() + 2000; Date.now() < until; ) {
      const { info } = await schedule.describe();
      const { workflow } = info.recentActions.at(-1)?.action ?? {};
      if (info.numActionsTaken > known && workflow !== undefined) return workflow.workflowId;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return await next(known);
  };
  return {
    run: async (times: number) => {
      for (let run = 0; run < times; run++) {
        const { info } = await schedule.describe();
        const workflowId = await next(info.numActionsTaken);
        await env.client.workflow
          .getHandle(workflowId)
          .result()
          .catch(() => undefined);
      }
    },
    end: () => schedule.delete(),
  };
}

/** As it answers where nothing is wrong. */
function well(activity: string): unknown {
  return activity === 'takeTurn'
    ? {}
    : { ...backupJob, components: [{ name: 'database', runs: 3 }], bytes: 900, packs: 9 };
}

test.each([
  ['skipped', { takeTurn: () => ({ same: true }) }],
  ['failed', { findBackup: failing('backup_not_found') }],
])(
  'a schedule whose runs are %s tells so once, and again when it was well in between',
  async (outcome, trouble) => {
    let isWell = false;
    const told: Notice[] = [];
    const behaviour: Behaviour = {
      ...Object.fromEntries(
        Object.entries(trouble).map(([name, answer]) => [name, () => (isWell ? well(name) : answer())]),
      ),
      alertTargets: async () => ({ system: 'sys', targets: ['ops'], toldAt: await toldBefore() }),
      deliverNotice: ({ notice }: Delivery) => {
        told.push(notice);
      },
    };
    await onStage(env, behaviour, async ({ site }) => {
      const request = order(site, `nightly-${outcome}`);
      const schedule = await scheduleOf(site, request);
      await schedule.run(2);
      expect(told.map(({ event }) => event)).toEqual([outcome]);
      isWell = true;
      await schedule.run(1);
      isWell = false;
      await schedule.run(1);
      expect(told.map(({ event }) => event)).toEqual([outcome, outcome]);
      expect(told[0]).toMatchObject({ site, facts: { work: request.work, workflowId: request.order.workflowId } });
      await schedule.end();
    });
  },
  60_000,
);
