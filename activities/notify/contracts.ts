/** What activities of notifications take and give. */
import type { Delivery } from '../../domain/notifications/notice';

export interface NotifyActivities {
  /** Of the configuration of whoever runs workflows: names of those that hear of alerts. */
  alertTargets(of: { site: string }): Promise<{ system: string; targets: string[] }>;
  deliverNotice(order: Delivery): Promise<void>;
}
