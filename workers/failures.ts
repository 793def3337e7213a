/** Turns what an activity throws into what Temporal carries: the error's code as type, its report as detail, retryable or not. */
import { Context } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure, TemporalFailure } from '@temporalio/common';
import type { ActivityExecuteInput, ActivityInboundCallsInterceptor, Next } from '@temporalio/worker';
import { masked } from '../components/config-file/secrets';
import { isHoldfastError, reportError } from '../domain/errors';

/** An error that nobody foresaw may be a passing one; after this many attempts it is taken for a fault of the program. */
const attemptsForUnknown = 4;

export class Failures implements ActivityInboundCallsInterceptor {
  async execute(input: ActivityExecuteInput, next: Next<ActivityInboundCallsInterceptor, 'execute'>): Promise<unknown> {
    const { cancellationSignal, info } = Context.current();
    try {
      return await next(input);
    } catch (error) {
      if (error instanceof TemporalFailure) throw error;
      if (cancellationSignal.aborted) throw new CancelledFailure(String(cancellationSignal.reason ?? 'CANCELLED'));
      const report = masked(reportError(error));
      const retryable = isHoldfastError(error) ? error.retryable : info.attempt < attemptsForUnknown;
      const failure = ApplicationFailure.create({
        message: report.message,
        type: report.code,
        nonRetryable: !retryable,
        details: [report],
      });
      if (report.code === 'internal' && error instanceof Error)
        failure.stack = error.stack?.replace(error.message, report.message);
      throw failure;
    }
  }
}
