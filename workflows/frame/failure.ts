/** Errors as Temporal carries them: the code is the failure's type, the report its first detail. */
import {
  ActivityFailure,
  ApplicationFailure,
  ChildWorkflowFailure,
  isCancellation,
  TimeoutFailure,
} from '@temporalio/workflow';
import {
  type catalogue,
  type ErrorReport,
  HoldfastError,
  isErrorCode,
  isHoldfastError,
  reportError,
} from '../../domain/errors';

/** The report behind anything a step threw, looking through the wrappers that Temporal puts around it. */
export function reportOf(error: unknown): ErrorReport {
  let timeout: TimeoutFailure | undefined;
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if (isHoldfastError(at)) return reportError(at);
    if (at instanceof ApplicationFailure && at.type && isErrorCode(at.type)) {
      const detail = at.details?.[0] as Partial<ErrorReport> | undefined;
      // A child procedure ends with its hints in the message, for the Web UI: here they would be told twice.
      const [message = '', ...hints] = at.message.split('\nhint: ');
      return { code: at.type, message, where: detail?.where, hints: detail?.hints ?? hints };
    }
    // A step that was tried until its time was over has the last try's error below it.
    if (at instanceof TimeoutFailure) {
      timeout ??= at;
      continue;
    }
    if (!(at instanceof ActivityFailure) && !(at instanceof ChildWorkflowFailure) && at.cause === undefined) {
      return reportError(at);
    }
  }
  if (timeout) return { code: 'internal', message: `a step ran out of time (${timeout.timeoutType})`, hints: [] };
  return reportError(error);
}

export function hasCode(error: unknown, ...codes: string[]): boolean {
  return !isCancellation(error) && codes.includes(reportOf(error).code);
}

/** The worker stopped to give signs of life in the middle of a step. */
export function workerIsGone(error: unknown): boolean {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if (at instanceof TimeoutFailure) return at.timeoutType === 'HEARTBEAT';
  }
  return false;
}

/** The worker was told to stop in the middle of a step: as the engine words it. */
export function workerWasStopped(error: unknown): boolean {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if (at instanceof ApplicationFailure) return at.type === 'WorkerShutdown';
  }
  return false;
}

/** Whether trying again may help by itself. */
export function isPassing(error: unknown): boolean {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if (at instanceof ApplicationFailure) return !at.nonRetryable;
  }
  return true;
}

/** A step on a queue of one process that nobody polls any more: that process is gone (docs/data-safety.md, F30). */
export function processIsGone(error: unknown): boolean {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if (at instanceof TimeoutFailure) return true;
  }
  return false;
}

/** An attempt that ended with its worker: it died, or went in order and could not wait. */
export function attemptWasCut(error: unknown): boolean {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if (at instanceof TimeoutFailure) return true;
    if (at instanceof ApplicationFailure && at.type === 'WorkerShutdown') return true;
  }
  return false;
}

/** How a workflow ends with this error: in the Web UI under its code, with the hints. */
export function asFailure(report: ErrorReport, details: unknown[]): ApplicationFailure {
  return ApplicationFailure.create({ message: describe(report), type: report.code, nonRetryable: true, details });
}

function describe({ message, where, hints }: ErrorReport): string {
  return [where === undefined ? message : `${message} (${where})`, ...hints.map((hint) => `hint: ${hint}`)].join('\n');
}

export function refuse(code: keyof typeof catalogue, message: string, hints: string[] = []): never {
  throw new HoldfastError(code, message, { hints });
}
