/**
 * Whether a scheduled run may begin: none with its id runs, no restore in place of its site, and not too many work with its stores. The runs stand in line by when they started; those who
 * work are counted whenever that was, those who wait for another run of their own site are not, and one that ends, however that happened, is in the
 * line no more. Nobody keeps a count that could be wrong after a crash.
 */
import { getClient } from '@temporalio/activity';
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { formatDuration } from '../../domain/config/units';
import type { Turn, TurnQuestion } from '../../domain/schedule/request';

export async function takeTurn(question: TurnQuestion): Promise<Turn> {
  const client = getClient();
  const { order, notDuring = [] } = question;
  for (const workflowId of notDuring) {
    const running = await sameId(client, { workflowId });
    if (running !== undefined) return running;
  }
  return (await sameId(client, order)) ?? (await fullStore(client, question)) ?? {};
}

type Known = Pick<TurnQuestion['order'], 'workflowId'> & Partial<TurnQuestion['order']>;

async function sameId(client: Client, order: Known): Promise<Turn | undefined> {
  try {
    const { status, memo, startTime } = await client.workflow.getHandle(order.workflowId).describe();
    if (status.name !== 'RUNNING') return undefined;
    if (order.fingerprint !== undefined && memo?.['request'] === order.fingerprint) return { same: true };
    return {
      waitsFor: `${order.workflowId}, which has been running for ${formatDuration(Date.now() - startTime.getTime())}`,
    };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

async function fullStore(client: Client, { stores, atOnce, startedAt }: TurnQuestion): Promise<Turn | undefined> {
  if (atOnce === undefined) return undefined;
  for (const store of stores) {
    const alive = `WorkflowType = "scheduledRun" AND ExecutionStatus = "Running" AND HoldfastStores = "${store}"`;
    const before = `HoldfastOutcome = "in_progress" OR (StartTime < "${startedAt}" AND (HoldfastOutcome IS NULL OR HoldfastOutcome != "blocked"))`;
    const { count } = await client.workflow.count(`${alive} AND (${before})`);
    if (count >= atOnce)
      return { waitsFor: `the store ${store}, where ${count} others come first`, ahead: count - atOnce };
  }
  return undefined;
}
