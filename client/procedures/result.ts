/** How a procedure ended, from what Temporal tells of its workflow. */
import { setTimeout as delay } from 'node:timers/promises';
import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure, TerminatedFailure } from '@temporalio/common';
import { type ErrorReport, isErrorCode } from '../../domain/errors';
import type { ProcedureResult } from '../../domain/progress';
import { attributes } from '../../workflows/frame/attributes';

/** Waits for the end. A failed or aborted procedure is a result too; only what is no end of it is thrown. */
export async function resultOf(handle: WorkflowHandle): Promise<ProcedureResult> {
  try {
    return (await handle.result()) as ProcedureResult;
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const { cause } = error;
    if (cause instanceof CancelledFailure) return (await told(handle)) ?? bare(handle, 'aborted', abortReport);
    if (cause instanceof ApplicationFailure) {
      const carried = cause.details?.find(isResult);
      return carried ?? (await told(handle)) ?? bare(handle, 'failed', reportOf(cause));
    }
    const message =
      cause instanceof TerminatedFailure ? 'the procedure was terminated: nothing was put back' : error.message;
    return bare(handle, 'failed', { code: 'internal', message, hints: ['start it again: it finds what was left'] });
  }
}

const abortReport: ErrorReport = { code: 'aborted', message: 'the procedure was aborted', hints: [] };

const askedTimes = 4;

/** What the workflow itself tells after its end; absent when no worker answers. A busy worker may miss the first question. */
async function told(handle: WorkflowHandle): Promise<ProcedureResult | undefined> {
  for (let asked = 0; asked < askedTimes; asked++) {
    if (asked > 0) await delay(1000);
    try {
      const result: unknown = await handle.query('result');
      if (isResult(result)) return result;
    } catch {
      // The next question may be answered; without any, what the server knows is told.
    }
  }
  return undefined;
}

function isResult(value: unknown): value is ProcedureResult {
  return typeof value === 'object' && value !== null && 'procedure' in value && 'status' in value;
}

function reportOf(failure: ApplicationFailure): ErrorReport {
  const code = failure.type && isErrorCode(failure.type) ? failure.type : 'internal';
  return {
    code,
    message: failure.message.split('\nhint: ')[0] as string,
    hints: failure.message.split('\nhint: ').slice(1),
  };
}

/** What the server knows without any worker. */
async function bare(
  handle: WorkflowHandle,
  status: 'failed' | 'aborted',
  error: ErrorReport,
): Promise<ProcedureResult> {
  const { startTime, closeTime, type, typedSearchAttributes } = await handle.describe();
  const ended = closeTime ?? new Date();
  return {
    procedure: type,
    workflowId: handle.workflowId,
    backupId: typedSearchAttributes.get(attributes.backup),
    status,
    startedAt: startTime.toISOString(),
    endedAt: ended.toISOString(),
    seconds: (ended.getTime() - startTime.getTime()) / 1000,
    receipt: null,
    warnings: [],
    error,
  };
}
