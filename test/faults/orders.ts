/** What the command line would order for the test systems. */
import { backupWorkflowId, restoreWorkflowId, verifyWorkflowId } from '../../client/procedures/ids';
import type { Order } from '../../client/procedures/start';
import type { BackupType } from '../../domain/backup';
import { backupReplicationWorkflowId, type ReplicateRequest } from '../../domain/replication/requests';
import type { BackupRequest, RestoreRequest, VerifyRequest } from '../../domain/requests';
import { retentionWorkflowId } from '../../domain/retention/requests';

const [system, site] = ['sys', 'dc01'];

export function backupOrder(type: BackupType = 'full', tier?: string): Order {
  const request: BackupRequest = { site, type, upload: true, ...(tier && { tier }) };
  return { type: 'backup', workflowId: backupWorkflowId(system, site), request, summary: 'backup under faults' };
}

export function restoreOrder(backup: string, { at, to }: { at?: string; to?: string }): Order {
  const request: RestoreRequest = {
    ...{ site, backup, at, to, inclusive: true },
    ...{ delta: false, skipVerification: false, placeOnly: false, start: false },
  };
  const type = at === undefined ? 'restore' : 'pointInTimeRestore';
  return { type, workflowId: restoreWorkflowId(system, request), request, summary: 'restore under faults' };
}

export function replicateOrder(backup: string, stores: string[]): Order {
  const request: ReplicateRequest = { site, backup, stores };
  const workflowId = backupReplicationWorkflowId(system, site, backup);
  return { type: 'replicateBackup', workflowId, request, summary: 'a copy under faults' };
}

export function retentionOrder(): Order {
  const workflowId = retentionWorkflowId(system, site);
  return { type: 'applyRetention', workflowId, request: { site }, summary: 'retention under faults' };
}

export function verifyOrder(backup: string): Order {
  const request: VerifyRequest = { site, backup, level: 'full' };
  const workflowId = verifyWorkflowId(system, site, backup);
  return { type: 'verifyBackup', workflowId, request, summary: 'verification of what survived' };
}
