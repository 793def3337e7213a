/** Starts a procedure, or joins the one of the same id that runs already. */
import { createHash } from 'node:crypto';
import { type Client, WorkflowExecutionAlreadyStartedError, type WorkflowHandle } from '@temporalio/client';
import { HoldfastError } from '../../domain/errors';
import { workflowQueue } from '../../domain/requests';

export interface Order {
  /** Name of the workflow. */
  type:
    | 'backup'
    | 'restore'
    | 'pointInTimeRestore'
    | 'verifyBackup'
    | 'verifySample'
    | 'recoveryTest'
    | 'consolidate'
    | 'recoveryPoint'
    | 'replicateBackup'
    | 'replicateBackups'
    | 'cleanUp'
    | 'moveBackups'
    | 'applyRetention';
  workflowId: string;
  request: object;
  /** One line for the Web UI. */
  summary: string;
}

export interface Started {
  handle: WorkflowHandle;
  workflowId: string;
  /** Whether it ran already, with the same request. */
  joined: boolean;
}

/** @throws HoldfastError `already_running` when one of this id runs with another request */
export async function startProcedure(client: Client, order: Order): Promise<Started> {
  const { type, workflowId, request, summary } = order;
  const memo = { request: fingerprint(type, request) };
  try {
    const handle = await client.workflow.start(type, {
      workflowId,
      taskQueue: workflowQueue,
      args: [request],
      memo,
      staticSummary: summary,
      staticDetails: whatAnOperatorCanDo,
      workflowIdConflictPolicy: 'FAIL',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    });
    return { handle: client.workflow.getHandle(workflowId, handle.firstExecutionRunId), workflowId, joined: false };
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
  const running = client.workflow.getHandle(workflowId);
  const { runId, memo: theirs } = await running.describe();
  if (theirs?.['request'] === memo.request) {
    return { handle: client.workflow.getHandle(workflowId, runId), workflowId, joined: true };
  }
  throw new HoldfastError('already_running', `${workflowId} runs already, with another request`, {
    hints: [`follow it with "holdfast watch ${workflowId}", or end it with "holdfast abort ${workflowId}"`],
  });
}

/** Tells whether two requests are the same without keeping what they say. */
export function fingerprint(type: string, request: object): string {
  const sorted = Object.entries(request)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([type, sorted]))
    .digest('hex');
}

/** For the Web UI, where nobody has read the manual. */
const whatAnOperatorCanDo = [
  '**Request Cancellation** aborts it in order: what it changed is put back first.',
  '**Terminate** puts nothing back: only for a procedure that an abort does not end.',
  'In a terminal: `holdfast watch` and `holdfast abort`, both with the id above.',
].join('\n\n');
