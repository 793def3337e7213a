/** Of notices that this process sent; a target that heard of nothing yet is not failing, so that an alert on it has something to look at from the start. */
import type { DeliveryOutcome } from '../../activities/notify/outcomes';
import type { Config } from '../../domain/config/types';
import type { Sample } from '../../domain/metrics';

export function deliverySamples({ system, notifications }: Config, last: DeliveryOutcome[]): Sample[] {
  const own = new Map(last.filter((one) => one.system === system).map((one) => [one.target, one]));
  const targets = new Set([...Object.keys(notifications?.targets ?? {}), ...own.keys()]);
  return [...targets].flatMap((target): Sample[] => {
    const labels = { system, target };
    const outcome = own.get(target);
    const failing: Sample = {
      name: 'holdfast_notification_failing',
      labels,
      value: Number(outcome?.arrived === false),
    };
    if (outcome === undefined) return [failing];
    return [failing, { name: 'holdfast_notification_timestamp_seconds', labels, value: outcome.at / 1000 }];
  });
}
