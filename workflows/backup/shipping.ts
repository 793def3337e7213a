/**
 * WAL shipping while a backup runs. Without the WAL of its own time a physical backup cannot be restored, so where no shipper
 * runs one is started for the backup's time. A server that pushes its WAL itself needs none.
 */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { getExternalWorkflowHandle, ParentClosePolicy, patched, startChild } from '@temporalio/workflow';
import type { BackupJob } from '../../activities/contracts';
import { shippingWorkflowId } from '../../domain/requests';
import { onSite } from '../frame/bind';
import { reportOf } from '../frame/failure';
import type { Run } from '../frame/run';
import { shipWal } from '../ship-wal';

export async function keepShipping(run: Run, job: BackupJob): Promise<void> {
  for (const { name, kind, wal } of job.components) {
    if (kind === 'postgres' && wal !== 'command') await keepShippingOf(run, job, name);
  }
}

/** Another backup's shipper ends a moment after it: one that is met while it ends is followed by one of ours. */
const met = 'a shipper is met at its end';
const mostMet = 3;

async function keepShippingOf(run: Run, job: BackupJob, component: string): Promise<void> {
  const waiting = { summary: `wait for the shipper of ${component}`, giveUpAfter: '30 minutes', first: true } as const;
  for (let attempt = 1; ; attempt++) {
    const ours = await startShipper(run, job, component);
    try {
      return await onSite(job.site, waiting).awaitShipper({ ...job, component });
    } catch (error) {
      if (ours || attempt === mostMet || reportOf(error).code !== 'wal_not_stored' || !patched(met)) throw error;
    }
  }
}

/** False: one runs already. */
async function startShipper(run: Run, job: BackupJob, component: string): Promise<boolean> {
  const workflowId = shippingWorkflowId(job.system, job.site, component);
  try {
    await startChild(shipWal, {
      args: [{ site: job.site, component }],
      workflowId,
      parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
      staticSummary: `ships the WAL of ${component} while ${job.backupId} is made`,
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    return false;
  }
  run.warn(
    `no shipper was running for ${component}: one runs for the time of this backup; \`holdfast up\` or a worker keeps one running`,
  );
  run.undo(`stop shipping the WAL of ${component}`, () => getExternalWorkflowHandle(workflowId).cancel());
  return true;
}
