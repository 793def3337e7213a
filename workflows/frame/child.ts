/** Procedures that are steps of another one: how each ended is an answer, and not the end of the one that asked. */
import { ApplicationFailure, executeChild, isCancellation, ParentClosePolicy } from '@temporalio/workflow';
import type { ErrorReport } from '../../domain/errors';
import type { ProcedureResult } from '../../domain/progress';
import { reportOf } from './failure';

export interface ChildOrder {
  /** Name of the workflow. */
  type: string;
  workflowId: string;
  request: object;
  summary: string;
}

export interface ChildEnd {
  /** Absent: it did not come to a result, since one of its id ran already, for instance. */
  result?: ProcedureResult;
  error?: ErrorReport;
}

/** An abort of the parent is one of the child, and comes through. */
export async function asChild({ type, workflowId, request, summary }: ChildOrder): Promise<ChildEnd> {
  try {
    const result: ProcedureResult = await executeChild(type, {
      ...{ args: [request], workflowId, staticSummary: summary },
      parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
    });
    return { result };
  } catch (error) {
    if (isCancellation(error)) throw error;
    if (isRunning(error))
      return { error: { code: 'already_running', message: `${workflowId} runs already`, hints: [] } };
    const result = carried(error);
    return { ...(result && { result }), error: result?.error ?? reportOf(error) };
  }
}

function isRunning(error: unknown): boolean {
  return error instanceof Error && error.name === 'WorkflowExecutionAlreadyStartedError';
}

/** What the frame of the child gave its failure to carry. */
function carried(error: unknown): ProcedureResult | undefined {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if (!(at instanceof ApplicationFailure)) continue;
    return at.details?.find(
      (one): one is ProcedureResult =>
        typeof one === 'object' && one !== null && 'procedure' in one && 'workflowId' in one,
    );
  }
  return undefined;
}
