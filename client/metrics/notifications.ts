/** Of notices that this process sent: to the targets that hear of nothing there is no sample. */
import type { DeliveryOutcome } from '../../activities/notify/outcomes';
import type { Sample } from '../../domain/metrics';

export function deliverySamples(last: DeliveryOutcome[]): Sample[] {
  return last.flatMap(({ system, target, arrived, at }): Sample[] => {
    const labels = { system, target };
    return [
      { name: 'holdfast_notification_failing', labels, value: Number(!arrived) },
      { name: 'holdfast_notification_timestamp_seconds', labels, value: at / 1000 },
    ];
  });
}
