/** Workflow ids: one procedure of a kind and target at a time, whoever starts it. */
import { createHash } from 'node:crypto';
import type { RestoreRequest } from '../../domain/requests';

export { backupWorkflowId, pointWorkflowId } from '../../domain/requests';
export { verifyWorkflowId } from '../../domain/verification/requests';

/** Of the target alone: a second restore to the same place meets the first, whatever it wants to restore. */
export function restoreWorkflowId(system: string, { site, to }: Pick<RestoreRequest, 'site' | 'to'>): string {
  const target = to === undefined ? 'in-place' : createHash('sha256').update(to).digest('hex').slice(0, 16);
  return `restore/${system}/${site}/${target}`;
}

export function consolidateWorkflowId(system: string, site: string, backup: string): string {
  return `consolidate/${system}/${backup === 'latest' ? `${site}.latest` : backup}`;
}
