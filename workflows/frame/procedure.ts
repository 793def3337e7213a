/**
 * The frame of every procedure: a workflow file holds only its runbook, this holds the rest.
 *
 * Guaranteed: when the body fails or is cancelled, everything registered with `run.undo` is put back, last first, before the
 * workflow ends; a receipt is written for every end; the `progress` query answers at any time; search attributes tell procedure,
 * site, backup and outcome.
 * Not guaranteed: undo after *terminate*, which gives no workflow a chance; the next run of the same procedure finds what was left.
 */
import {
  CancellationScope,
  CancelledFailure,
  defineQuery,
  isCancellation,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { ReceiptDetails } from '../../domain/backup';
import type { MaintenanceKind } from '../../domain/config/types-schedules';
import type { ErrorReport } from '../../domain/errors';
import type { ProcedureProgress, ProcedureResult } from '../../domain/progress';
import { attributes } from './attributes';
import { onSite } from './bind';
import { Board } from './board';
import { asFailure, reportOf } from './failure';
import { keepLeases } from './keep-leases';
import { Run } from './run';

export const progressQuery = defineQuery<ProcedureProgress>('progress');
export const resultQuery = defineQuery<ProcedureResult | undefined>('result');

type Body<Request> = (run: Run, request: Request) => Promise<void>;

/** Of procedures that are maintenance. */
export interface Maintaining<Request> {
  title: string;
  /** Which kinds a run with this request is: the stores keep when each was done last. */
  maintains: (request: Request) => MaintenanceKind[];
}

/** Makes a workflow of a runbook. Its title is the name people read; the request names the site whose agent writes the receipt. */
export function procedure<Request extends { site: string }>(
  kind: string | Maintaining<Request>,
  body: Body<Request>,
): (request: Request) => Promise<ProcedureResult> {
  const { title, maintains } = typeof kind === 'string' ? { title: kind, maintains: () => [] } : kind;
  return async (request) => {
    const board = new Board(title);
    const run = new Run(board);
    let result: ProcedureResult | undefined;
    setHandler(progressQuery, () => board.progress(Date.now()));
    setHandler(resultQuery, () => result);
    upsertSearchAttributes([
      { key: attributes.procedure, value: title },
      { key: attributes.site, value: request.site },
      { key: attributes.outcome, value: 'in_progress' },
    ]);
    board.state = 'in_progress';
    const endLeases = keepLeases(request.site);
    let thrown: unknown;
    try {
      await body(run, request);
      board.state = 'completed';
    } catch (error) {
      thrown = error;
      board.state = isCancellation(error) ? 'aborted' : 'failed';
      run.warn(...(await run.unwind()));
    }
    endLeases();
    const maintenance = maintains(request);
    result = await CancellationScope.nonCancellable(() => finish(run, { site: request.site, maintenance }, thrown));
    if (board.state === 'aborted')
      throw new CancelledFailure(`${title} was aborted, and what it had changed was put back`);
    if (board.state === 'failed') throw asFailure(result.error as ErrorReport, [result]);
    return result;
  };
}

interface Finished {
  site: string;
  maintenance: MaintenanceKind[];
}

/** The end of every run: receipt, outcome, result. A receipt that cannot be written is a warning and never the run's failure. */
async function finish(run: Run, { site, maintenance }: Finished, thrown: unknown): Promise<ProcedureResult> {
  const { board } = run;
  const info = workflowInfo();
  const endedAt = new Date().toISOString();
  const startedAt = info.startTime.toISOString();
  // Not even a moment is waited where nobody is told: what is asked for next would come in another order than in runs from before.
  if (run.tells) await run.delivered();
  const status = board.state as ProcedureResult['status'];
  const error = thrown === undefined ? undefined : status === 'aborted' ? abortReport : reportOf(thrown);
  const details: Omit<ReceiptDetails, 'sequence' | 'previous'> = {
    procedure: board.procedure,
    workflowId: info.workflowId,
    runId: info.runId,
    status,
    startedAt,
    endedAt,
    steps: run.receiptSteps(),
    warnings: board.warnings,
    bytes: run.findings.bytes,
    storedBytes: run.findings.storedBytes,
    walBytes: run.findings.walBytes,
    recoveryPoint: run.findings.recoveryPoint,
    retained: run.findings.retained,
    error: error && { code: error.code, message: error.message, where: error.where },
  };
  let receipt: string | null = null;
  try {
    // Nobody is kept waiting for a receipt where the store itself was the trouble.
    const first = error?.code.startsWith('store_') === true;
    const giveUpAfter = error?.code === 'store_unavailable' ? '3 seconds' : '5 minutes';
    receipt = await onSite(site, { summary: 'write receipt', giveUpAfter, first }).writeReceipt({
      site,
      backupId: run.findings.backupId,
      ...(maintenance.length > 0 && { maintenance }),
      details,
    });
  } catch (failure) {
    run.warn(`no receipt could be written: ${reportOf(failure).message}`);
  }
  upsertSearchAttributes([{ key: attributes.outcome, value: status }]);
  run.say(undefined);
  return {
    procedure: board.procedure,
    workflowId: info.workflowId,
    status,
    startedAt,
    endedAt,
    seconds: (Date.parse(endedAt) - Date.parse(startedAt)) / 1000,
    ...run.findings,
    receipt,
    warnings: board.warnings,
    error,
  };
}

const abortReport: ErrorReport = { code: 'aborted', message: 'the procedure was aborted', hints: [] };
