/** What an activity changes in the catalog is told in its history as done by its workflow. */
import { Context } from '@temporalio/activity';
import type { ActivityExecuteInput, ActivityInboundCallsInterceptor, Next } from '@temporalio/worker';
import { writingAs } from '../repository/catalog/author';

export class Authorship implements ActivityInboundCallsInterceptor {
  async execute(input: ActivityExecuteInput, next: Next<ActivityInboundCallsInterceptor, 'execute'>): Promise<unknown> {
    const { workflowExecution, activityType } = Context.current().info;
    return await writingAs(workflowExecution?.workflowId ?? activityType, () => next(input));
  }
}
