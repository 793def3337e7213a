/**
 * Ships the WAL of one database into the stores for as long as it is protected. One per database: its workflow id is the lock.
 * The activity runs for hours; when its worker dies, the next one takes the stream up where the stores end. The server keeps
 * what was not stored (its replication slot), so nothing is lost in between. In mode `hybrid` commits do not wait for a worker that died.
 * Where WAL was lost for good the receiver ends with the wish for a backup behind the gap.
 */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  continueAsNew,
  isCancellation,
  ParentClosePolicy,
  patched,
  setCurrentDetails,
  sleep,
  startChild,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { ShippingEnd } from '../activities/contracts';
import type { ShippingRequest } from '../domain/requests';
import { attributes } from './frame/attributes';
import { onControl, onSite } from './frame/bind';
import { isPassing, reportOf, workerIsGone, workerWasStopped } from './frame/failure';

/** Runs from before this had the receiver tried again by the engine, and nobody was told of a worker's death. */
const tellsDeaths = 'a worker’s death is told';

/** A worker's receiver ends by itself after this long, so that histories stay short and new code is taken up. */
const turnsPerHistory = 200;

export async function shipWal(request: ShippingRequest): Promise<void> {
  upsertSearchAttributes([
    { key: attributes.procedure, value: 'ship WAL' },
    { key: attributes.site, value: request.site },
  ]);
  const told = patched(tellsDeaths);
  for (let turn = 0; turn < turnsPerHistory; turn++) {
    try {
      setCurrentDetails(`Shipping the WAL of **${request.component}** (${request.site})`);
      const end = await onSite(request.site, {
        summary: `receive WAL of ${request.component}`,
        ...(told ? { once: true } : { lasting: true }),
      }).receiveWal({ ...request, line: workflowInfo().firstExecutionRunId });
      setCurrentDetails(`**${request.component}** (${request.site}): ${end.message}`);
      if (end.backup) await beginBackup(end.backup);
    } catch (error) {
      if (isCancellation(error)) throw error;
      if (told && workerIsGone(error)) {
        // Beside the next receiver, which may take longer to come than commits should wait.
        void letCommitsGo(request);
        continue;
      }
      if (told && workerWasStopped(error)) continue; // in order: the next one takes it up
      const report = reportOf(error);
      setCurrentDetails(
        `**${request.component}** (${request.site}) is not being shipped: ${report.message}\n\n${report.hints.join('\n')}`,
      );
      const passing = report.code !== 'internal' && isPassing(error) && told;
      await sleep(passing ? '1 second' : '15 seconds', { summary: 'before the next try' });
    }
    if (workflowInfo().historyLength > 5000) break;
  }
  await continueAsNew<typeof shipWal>(request);
}

/** In mode `hybrid` commits waited for the worker that died; the activity knows the mode. */
async function letCommitsGo(request: ShippingRequest): Promise<void> {
  const { component, site } = request;
  try {
    const summary = `let commits of ${component} go if they wait for the agent that was lost`;
    if (!(await onControl({ summary, giveUpAfter: '1 minute' }).letCommitsGo(request))) return;
    setCurrentDetails(
      `The agent of **${component}** (${site}) was lost: commits do not wait for the stores until the next one keeps up`,
    );
  } catch (error) {
    if (isCancellation(error)) return;
    setCurrentDetails(
      `The agent of **${component}** (${site}) was lost. In mode hybrid commits may wait for the next one: ${reportOf(error).message}`,
    );
  }
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
