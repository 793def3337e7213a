/** Alerts of scheduled work: told when trouble begins, and again when it lasts. What was told last is in what the engine hands from one run to the next. */
import { ApplicationFailure, patched, workflowInfo } from '@temporalio/workflow';
import { isToTell, troubleNotice } from '../../domain/notifications/alerts';
import type { ScheduledRequest } from '../../domain/schedule/request';
import { alert } from '../frame/notices';

/** Runs from before this told only the log. */
const toldToPeople = 'alerts';

export interface Trouble {
  reason: string;
  code?: string;
}

/** @returns when it was told last, RFC 3339, for the run after this one */
export async function wake(
  event: 'skipped' | 'failed',
  { site, work, order }: ScheduledRequest,
  trouble: Trouble,
): Promise<{ alertedAt?: string }> {
  if (!patched(toldToPeople)) return {};
  const before = toldBefore();
  if (before !== undefined && !isToTell(before, Date.now())) return { alertedAt: before };
  const { workflowId } = order;
  await alert(site, (system) => troubleNotice(event, { system, site, work, workflowId, ...trouble }));
  return { alertedAt: new Date().toISOString() };
}

/** Of the trouble that goes on: a run that did its work ends it. */
function toldBefore(): string | undefined {
  const { lastFailure, lastResult } = workflowInfo();
  const left: unknown = lastFailure instanceof ApplicationFailure ? lastFailure.details?.[0] : lastResult;
  if (typeof left !== 'object' || left === null || !('alertedAt' in left)) return undefined;
  return typeof left.alertedAt === 'string' ? left.alertedAt : undefined;
}
