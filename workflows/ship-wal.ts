/**
 * Ships the WAL of one database into the stores for as long as it is protected. One per database: its workflow id is the lock.
 * The activity runs for hours; when its worker dies, the next one takes the stream up where the stores end. The server keeps
 * what was not stored (its replication slot), so nothing is lost in between. Where WAL was lost for good the receiver ends with the wish for a
 * backup behind the gap.
 */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  continueAsNew,
  isCancellation,
  ParentClosePolicy,
  setCurrentDetails,
  sleep,
  startChild,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { ShippingEnd } from '../activities/contracts';
import type { ShippingRequest } from '../domain/requests';
import { attributes } from './frame/attributes';
import { onSite } from './frame/bind';
import { reportOf } from './frame/failure';

/** A worker's receiver ends by itself after this long, so that histories stay short and new code is taken up. */
const turnsPerHistory = 200;

export async function shipWal(request: ShippingRequest): Promise<void> {
  upsertSearchAttributes([
    { key: attributes.procedure, value: 'ship WAL' },
    { key: attributes.site, value: request.site },
  ]);
  for (let turn = 0; turn < turnsPerHistory; turn++) {
    try {
      setCurrentDetails(`Shipping the WAL of **${request.component}** (${request.site})`);
      const end = await onSite(request.site, {
        summary: `receive WAL of ${request.component}`,
        lasting: true,
      }).receiveWal({ ...request, line: workflowInfo().firstExecutionRunId });
      setCurrentDetails(`**${request.component}** (${request.site}): ${end.message}`);
      if (end.backup) await beginBackup(end.backup);
    } catch (error) {
      if (isCancellation(error)) throw error;
      const report = reportOf(error);
      setCurrentDetails(
        `**${request.component}** (${request.site}) is not being shipped: ${report.message}\n\n${report.hints.join('\n')}`,
      );
      await sleep('15 seconds', { summary: 'before the next try' });
    }
    if (workflowInfo().historyLength > 5000) break;
  }
  await continueAsNew<typeof shipWal>(request);
}

/** A backup of its own life: it outlives this run. One that runs already may have begun too early; then the shipper asks again. */
async function beginBackup({ workflowId, request, reason }: NonNullable<ShippingEnd['backup']>): Promise<void> {
  try {
    await startChild('backup', {
      args: [request],
      workflowId,
      parentClosePolicy: ParentClosePolicy.ABANDON,
      staticSummary: reason,
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
