/**
 * What a schedule starts: looks whether the site can work at all, waits for its turn, and does the work as a child under the very id that a start by hand
 * has. What cannot be done is *skipped*: with a reason, an alert and a record, never in silence.
 *
 * Guaranteed: one site's trouble delays no other's, since every site has runs of its own; whoever aborts a run aborts its work in order, and a run that
 * is terminated leaves its work alone. Not guaranteed: that the number of runs at a store is never exceeded for the moment that the engine needs to
 * list a new one.
 */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  ChildWorkflowCancellationType,
  type ChildWorkflowHandle,
  isCancellation,
  log,
  ParentClosePolicy,
  patched,
  setCurrentDetails,
  sleep,
  startChild,
  upsertMemo,
  upsertSearchAttributes,
  type Workflow,
  workflowInfo,
} from '@temporalio/workflow';
import type { ScheduledEnd, ScheduledRequest } from '../../domain/schedule/request';
import { attributes } from '../frame/attributes';
import { onControl } from '../frame/bind';
import { asFailure, reportOf } from '../frame/failure';
import { lookAtSite } from './look';
import { spreadOut } from './spread';
import { wake } from './wake';

export async function scheduledRun(request: ScheduledRequest): Promise<ScheduledEnd> {
  const { site, work, order } = request;
  await spreadOut(request, tell);
  setCurrentDetails(`**${work}** (${site}): looking at the site`);
  const { problems, warnings } = await lookAtSite({ site, ...request.health });
  for (const warning of warnings) log.warn(`${work} (${site}): ${warning}`);
  if (problems.length > 0) return skip(request, problems.join('; '));

  const begun = await beginInTurn(request);
  if ('skipped' in begun) return skip(request, begun.skipped);

  tell('in_progress');
  setCurrentDetails(`**${work}** (${site}): [${order.workflowId}] does it`);
  try {
    await begun.child.result();
  } catch (error) {
    if (isCancellation(error)) {
      tell('aborted');
      throw error;
    }
    const report = reportOf(error);
    tell('failed', report.message);
    log.error(`the scheduled ${work} of ${site} failed: ${report.message}`, { code: report.code });
    await wake('failed', request, { reason: report.message, code: report.code });
    throw asFailure(report, []);
  }
  tell('completed');
  return { outcome: 'completed' };
}

type Begun = { child: ChildWorkflowHandle<Workflow> } | { skipped: string };

const shortestWait = 10_000;
const firstInLineWaits = 45_000;
const longestWait = 5 * 60_000;
/** Of small runs: whoever foresees too much leaves places empty. */
const foreseenWork = 30_000;

/** Asks ever more rarely, so that hours of waiting are a short history, and less so the nearer its turn is. */
async function beginInTurn(request: ScheduledRequest): Promise<Begun> {
  const { site, work, order, notDuring, stores, atOnce, waitMs } = request;
  const startedAt = workflowInfo().startTime.toISOString();
  const deadline = Date.now() + waitMs;
  // Who waits for another of its own site keeps no place at a store from anybody else.
  const standsIn = patched('out of line') ? lineOf() : () => {};
  for (let wait = shortestWait; ; wait *= 1.5) {
    const turn = await onControl({ summary: 'whose turn is it', giveUpAfter: '10 minutes' }).takeTurn({
      order: { workflowId: order.workflowId, fingerprint: order.fingerprint },
      notDuring,
      stores,
      atOnce,
      startedAt,
    });
    standsIn(turn.ahead === undefined && turn.waitsFor !== undefined ? 'blocked' : 'waiting');
    if (turn.same) return { skipped: `${order.workflowId} runs already` };
    if (turn.waitsFor === undefined) {
      const child = await begin(request);
      if (child !== undefined) return { child };
    }
    const waitsFor = turn.waitsFor ?? `${order.workflowId} to end`;
    if (Date.now() >= deadline) return { skipped: `it waited in vain for ${waitsFor}` };
    setCurrentDetails(`**${work}** (${site}): waiting for ${waitsFor}`);
    const foreseen = ((turn.ahead ?? 0) / (atOnce ?? 1)) * foreseenWork;
    const most = Math.min(longestWait, Math.max(firstInLineWaits, foreseen));
    const pause = Math.max(1000, Math.min(wait, most, deadline - Date.now()));
    await sleep(pause, { summary: `waiting for ${waitsFor}` });
  }
}

/** Tells of a change alone. */
function lineOf(): (place: 'waiting' | 'blocked') => void {
  let last = 'waiting';
  return (place) => {
    if (place !== last) tell(place);
    last = place;
  };
}

/** Undefined: somebody else began meanwhile. */
async function begin({ order }: ScheduledRequest): Promise<ChildWorkflowHandle<Workflow> | undefined> {
  try {
    return await startChild(order.type, {
      args: [order.request],
      workflowId: order.workflowId,
      memo: { request: order.fingerprint },
      staticSummary: order.summary,
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      parentClosePolicy: ParentClosePolicy.ABANDON,
      cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
      priority: workflowInfo().priority,
    });
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return undefined;
    throw error;
  }
}

async function skip(request: ScheduledRequest, reason: string): Promise<ScheduledEnd> {
  const { site, work } = request;
  tell('skipped', reason);
  setCurrentDetails(`**${work}** (${site}) was skipped: ${reason}`);
  log.error(`the scheduled ${work} of ${site} was skipped: ${reason}`);
  await wake('skipped', request, { reason });
  return { outcome: 'skipped', reason };
}

function tell(
  outcome: 'waiting' | 'blocked' | 'in_progress' | 'completed' | 'failed' | 'aborted' | 'skipped',
  reason?: string,
): void {
  upsertSearchAttributes([{ key: attributes.outcome, value: outcome }]);
  if (reason !== undefined) upsertMemo({ reason: reason.slice(0, 500) });
}
