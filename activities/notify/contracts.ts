/** What activities of notifications take and give. */
import type { Delivery } from '../../domain/notifications/notice';

export interface AlertTargets {
  system: string;
  /** Names of those that hear of alerts. */
  targets: string[];
  /** Asked by a run of a schedule: when people were told of a trouble that goes on, RFC 3339. */
  toldAt?: string;
}

export interface NotifyActivities {
  /** Of the configuration of whoever runs workflows. */
  alertTargets(of: { site: string }): Promise<AlertTargets>;
  deliverNotice(order: Delivery): Promise<void>;
}
