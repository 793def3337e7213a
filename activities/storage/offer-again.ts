/** What had moved to another store is offered again where it came from, as long as it is there: the copy below was lost or damaged. */
import { activityInfo, log } from '@temporalio/activity';
import { isHoldfastError } from '../../domain/errors';
import { getHead, putHead } from '../../repository/heads';
import { releaseLease, takeLease } from '../../repository/leases';
import type { SiteContext } from '../context';
import type { AgainOrder } from './contracts';

/** As long as this takes, and many times over. */
const leaseMs = 3_600_000;

/** Under a lease, as a pin: whoever is about to remove it gives way, or is before us. */
export async function offerAgain(context: SiteContext, { backupId, store }: AgainOrder): Promise<boolean> {
  const copy = (await context.repository()).copy(store);
  const { workflowExecution, activityId } = activityInfo();
  const holder = `${workflowExecution?.workflowId}/${workflowExecution?.runId}/${activityId}`;
  try {
    await takeLease(copy, { backupId, kind: 'copy', holder, ms: leaseMs });
    const { expiredAt: _, moved, ...head } = await getHead(copy, backupId);
    if (moved === undefined || head.status !== 'expired') return false;
    await putHead(copy, { ...head, status: 'completed' });
    log.warn('a backup is offered again: its copy is not there any more', { backupId, store, movedTo: moved.to });
    return true;
  } catch (error) {
    if (isHoldfastError(error) && ['backup_unusable', 'backup_not_found'].includes(error.code)) return false;
    throw error;
  } finally {
    await releaseLease(copy, backupId, holder);
  }
}
