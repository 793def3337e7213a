/**
 * Notices on their way. Guaranteed: an attempt is over within the time of its target, and every attempt for one occasion bears the same id, so that who gets it twice
 * knows. Not guaranteed: that it arrives; the workflow says so where it did not, and so do the metrics of this process.
 */
import { cancellationSignal } from '@temporalio/activity';
import { deliver } from '../../components/notify/deliver';
import type { Delivery } from '../../domain/notifications/notice';
import type { SiteContext } from '../context';
import type { AlertTargets } from './contracts';
import { noteDelivery } from './outcomes';
import { toldBefore } from './told';

export async function alertTargets({ config }: SiteContext): Promise<AlertTargets> {
  const targets = config.notifications?.alerts ?? [];
  const toldAt = targets.length === 0 ? undefined : await toldBefore();
  return { system: config.system, targets, ...(toldAt !== undefined && { toldAt }) };
}

/** @throws HoldfastError `notification_failed`, `notification_refused`, `secret_unavailable` */
export async function deliverNotice({ config }: SiteContext, order: Delivery): Promise<void> {
  const note = (arrived: boolean) =>
    noteDelivery({ system: config.system, target: order.target, arrived, at: Date.now() });
  try {
    await deliver(config, order, cancellationSignal());
  } catch (error) {
    note(false);
    throw error;
  }
  note(true);
}
