/** Makes sure that a timer of the site waits for the end of a lock: one that waits already is told, whatever it waited for. */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  getExternalWorkflowHandle,
  isCancellation,
  ParentClosePolicy,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import { type AwaitedUnlock, type UnlockRequest, unlockWorkflowId } from '../../domain/retention/requests';
import type { Unlock } from '../../domain/retention/unlock';
import { nextUnlockSignal } from './expire-at-unlock';

/** One may end in the moment in which it is told. */
const tries = 3;

/** Its life is its own: it outlives the run that starts it. */
export async function awaitUnlock(site: string, { inMs, ...unlock }: Unlock): Promise<void> {
  const next: AwaitedUnlock = { ...unlock, due: Date.now() + inMs };
  const workflowId = unlockWorkflowId(systemOf(), site);
  for (let last: unknown, left = tries; ; left--) {
    if (left === 0) throw last;
    if (await begun(workflowId, { site, next })) return;
    try {
      return await getExternalWorkflowHandle(workflowId).signal(nextUnlockSignal, next);
    } catch (error) {
      if (isCancellation(error)) throw error;
      last = error;
    }
  }
}

/** False: one waits already. */
async function begun(workflowId: string, request: UnlockRequest): Promise<boolean> {
  try {
    await startChild('expireAtUnlock', {
      args: [request],
      workflowId,
      parentClosePolicy: ParentClosePolicy.ABANDON,
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      staticSummary: `retention of ${request.site} when locks end`,
    });
    return true;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
    throw error;
  }
}

/** `retention/<system>/<site>`, however the run was started. */
function systemOf(): string {
  return workflowInfo().workflowId.split('/')[1] ?? '';
}
