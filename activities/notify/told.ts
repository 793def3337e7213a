/** When people were told last of a trouble that goes on: the runs of a schedule remember it, and the engine the runs. */
import { activityInfo, getClient, log } from '@temporalio/activity';
import { reportError } from '../../domain/errors';

/** Set by the engine, on whatever a schedule starts. */
const startedBy = 'TemporalScheduledById';

/** RFC 3339; undefined: the run before this one did its work, or nobody knows. Better told twice than not at all. */
export async function toldBefore(): Promise<string | undefined> {
  try {
    const { workflow } = getClient();
    const { workflowId = '', runId } = activityInfo().workflowExecution ?? {};
    const { searchAttributes } = await workflow.getHandle(workflowId, runId).describe();
    const [schedule] = searchAttributes[startedBy] ?? [];
    if (typeof schedule !== 'string') return undefined;
    const query = `WorkflowType = "scheduledRun" AND ${startedBy} = "${schedule}" AND ExecutionStatus != "Running"`;
    // The newest comes first.
    for await (const { memo } of workflow.list({ query, pageSize: 1 })) {
      const at: unknown = memo?.['alertedAt'];
      return typeof at === 'string' ? at : undefined;
    }
  } catch (error) {
    log.warn('whether people were told of this before is not known', { error: reportError(error).message });
  }
  return undefined;
}
