/** What had moved to another store is offered again where it came from, as long as it is there: the copy below was lost or damaged. */
import { activityInfo, log } from '@temporalio/activity';
import { offerAgain as offer } from '../../repository/offer-again';
import type { SiteContext } from '../context';
import type { AgainOrder } from './contracts';

export async function offerAgain(context: SiteContext, { backupId, store }: AgainOrder): Promise<boolean> {
  const copy = (await context.repository()).copy(store);
  const { workflowExecution, activityId } = activityInfo();
  const holder = `${workflowExecution?.workflowId}/${workflowExecution?.runId}/${activityId}`;
  const offered = await offer(copy, { backupId, holder }, ({ moved }) => moved !== undefined);
  if (offered) log.warn('a backup is offered again: its copy is not there any more', { backupId, store });
  return offered;
}
