/** How the last delivery to each target ended, as far as this process made one: its metrics tell it. */
export interface DeliveryOutcome {
  system: string;
  target: string;
  arrived: boolean;
  /** Milliseconds. */
  at: number;
}

const last = new Map<string, DeliveryOutcome>();

export function noteDelivery(outcome: DeliveryOutcome): void {
  last.set(`${outcome.system}/${outcome.target}`, outcome);
}

export function lastDeliveries(): DeliveryOutcome[] {
  return [...last.values()];
}
