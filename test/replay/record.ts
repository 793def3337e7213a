/**
 * `npm run history:record [-- TYPE|TYPE/REASON…]`: records scenes anew, all or those named, after a deliberate change of a workflow. Before such a change is released,
 * look at which histories no longer replay: runs that are under way then need `patched()`.
 */
import type { WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { startTemporal } from '../support/temporal';
import { onStage } from '../workflows/with-workers';
import { anonymous } from './anonymous';
import { removeHistories, writeHistory } from './recorded';
import { type Scene, scenes } from './scenes';

const atOnce = 4;

async function record(env: TestWorkflowEnvironment, scene: Scene): Promise<void> {
  const { type, reason, behaviour, request = {}, act, before } = scene;
  const history = await onStage(env, behaviour?.() ?? {}, async (stage) => {
    await before?.(stage);
    const handle = await stage.start(type, atSite(request, stage.site));
    await act?.(stage, handle);
    await ended(handle);
    const recorded = await (scene.firstRun ? firstOf(env, handle) : handle).fetchHistory();
    await endAll(env, stage.site);
    return recorded;
  });
  writeHistory({ type, reason }, anonymous(JSON.parse(historyToJSON(history))) as { events: unknown[] });
  process.stderr.write(`recorded ${type}/${reason}: ${history.events?.length} events\n`);
}

/** Work of runs and orders of schedules name their site themselves. */
function atSite(request: object, site: string): object {
  if ('order' in request) {
    const order = request.order as { request: object };
    return { ...request, order: { ...order, request: { ...order.request, site } } };
  }
  return 'work' in request ? { ...request, work: { ...(request.work as object), site } } : request;
}

function firstOf(env: TestWorkflowEnvironment, handle: WorkflowHandle): WorkflowHandle {
  const runId = 'firstExecutionRunId' in handle ? String(handle.firstExecutionRunId) : undefined;
  return env.client.workflow.getHandle(handle.workflowId, runId);
}

async function ended(handle: WorkflowHandle): Promise<void> {
  await handle.result().catch(() => undefined);
}

/** Workflows that outlive the one recorded: shippers. */
async function endAll(env: TestWorkflowEnvironment, site: string): Promise<void> {
  for await (const { workflowId } of env.client.workflow.list({ query: 'ExecutionStatus = "Running"' })) {
    if (workflowId.includes(site)) await env.client.workflow.getHandle(workflowId).terminate();
  }
}

async function main(wanted: string[]): Promise<void> {
  const env = await startTemporal();
  try {
    if (wanted.length === 0) removeHistories(scenes.filter(({ kept }) => kept));
    const left = scenes.filter(
      ({ type, reason, kept }) =>
        !kept && (wanted.length === 0 || wanted.some((one) => one === type || one === `${type}/${reason}`)),
    );
    const recorder = async () => {
      for (let scene = left.shift(); scene; scene = left.shift()) await record(env, scene);
    };
    await Promise.all(Array.from({ length: atOnce }, recorder));
  } finally {
    await env.teardown();
  }
}

if (require.main === module) {
  main(process.argv.slice(2)).then(
    () => process.exit(0),
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exit(1);
    },
  );
}
