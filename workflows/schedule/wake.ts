/** Alerts of scheduled work: told when trouble begins, and again when it lasts. Each run remembers when it was, for the one after it. */
import { patched, upsertMemo } from '@temporalio/workflow';
import { troubleNotice } from '../../domain/notifications/alerts';
import type { ScheduledRequest } from '../../domain/schedule/request';
import { alert } from '../frame/notices';

/** Runs from before this told only the log. */
const toldToPeople = 'alerts';

export interface Trouble {
  reason: string;
  code?: string;
}

export async function wake(
  event: 'skipped' | 'failed',
  { site, work, order }: ScheduledRequest,
  trouble: Trouble,
): Promise<void> {
  if (!patched(toldToPeople)) return;
  const { workflowId } = order;
  const alertedAt = await alert(site, (system) => troubleNotice(event, { system, site, work, workflowId, ...trouble }));
  if (alertedAt !== undefined) upsertMemo({ alertedAt });
}
