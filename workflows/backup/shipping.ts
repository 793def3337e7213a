/**
 * WAL shipping while a backup runs. Without the WAL of its own time a physical backup cannot be restored, so where no shipper
 * runs one is started for the backup's time. A server that pushes its WAL itself needs none.
 */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { getExternalWorkflowHandle, ParentClosePolicy, startChild } from '@temporalio/workflow';
import type { BackupJob } from '../../activities/contracts';
import { shippingWorkflowId } from '../../domain/requests';
import { onSite } from '../frame/bind';
import type { Run } from '../frame/run';
import { shipWal } from '../ship-wal';

export async function keepShipping(run: Run, job: BackupJob): Promise<void> {
  for (const component of job.components.filter(({ kind, wal }) => kind === 'postgres' && wal !== 'command')) {
    const workflowId = shippingWorkflowId(job.system, job.site, component.name);
    try {
      await startChild(shipWal, {
        args: [{ site: job.site, component: component.name }],
        workflowId,
        parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
        staticSummary: `ships the WAL of ${component.name} while ${job.backupId} is made`,
      });
      run.warn(
        `no shipper was running for ${component.name}: one runs for the time of this backup; \`holdfast up\` or a worker keeps one running`,
      );
      run.undo(`stop shipping the WAL of ${component.name}`, () => getExternalWorkflowHandle(workflowId).cancel());
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
    const name = component.name;
    const summary = `wait for the shipper of ${name}`;
    await onSite(job.site, { summary, giveUpAfter: '30 minutes', first: true }).awaitShipper({
      ...job,
      component: name,
    });
  }
}
