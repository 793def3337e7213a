/** Runs workflows against mocked activities on a real server, each test on queues of its own site. */
import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { siteQueue } from '../../domain/requests';
import { workflowBundle } from '../../workers/bundle';
import { type Behaviour, type MockedSite, mockedSite } from './mocked-site';

/** What runs wherever workflows do. */
const controlled = ['letCommitsGo', 'takeTurn', 'alertTargets', 'deliverNotice'];

export interface Stage extends MockedSite {
  site: string;
  start(workflow: string, request: object, workflowId?: string): Promise<WorkflowHandle>;
}

export async function onStage<T>(
  env: TestWorkflowEnvironment,
  behaviour: Behaviour,
  act: (stage: Stage) => Promise<T>,
): Promise<T> {
  const site = `site-${randomUUID().slice(0, 8)}`;
  const workflowQueue = `workflows-${site}`;
  const processQueue = `process-${site}`;
  const mocked = mockedSite(processQueue, behaviour);
  const retarget = <A extends object>(answer: A): A => ('site' in answer ? { ...answer, site } : answer);
  const activities = Object.fromEntries(
    Object.entries(mocked.activities).map(([name, activity]) => [
      name,
      async (...args: never[]) => {
        const answer: unknown = await (activity as (...all: never[]) => unknown)(...args);
        if (answer === null || typeof answer !== 'object') return answer;
        if ('job' in answer) return { ...answer, job: retarget(answer.job as object) };
        return retarget(answer);
      },
    ]),
  );
  const common = { connection: env.nativeConnection, namespace: env.namespace };
  const workers = [
    await Worker.create({
      ...common,
      taskQueue: workflowQueue,
      workflowBundle: { codePath: await workflowBundle() },
      activities: Object.fromEntries(controlled.map((name) => [name, activities[name]])),
    }),
    await Worker.create({ ...common, taskQueue: siteQueue(site), activities }),
    await Worker.create({ ...common, taskQueue: processQueue, activities }),
  ];
  const runs = workers.map((worker) => worker.run());
  try {
    return await act({
      ...mocked,
      site,
      start: (workflow, request, workflowId = `${workflow}/${site}`) =>
        env.client.workflow.start(workflow, { taskQueue: workflowQueue, workflowId, args: [{ ...request, site }] }),
    });
  } finally {
    for (const worker of workers) worker.shutdown();
    await Promise.all(runs);
  }
}
