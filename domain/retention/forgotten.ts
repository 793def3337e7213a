/** Tiers that were renamed or taken out of the configuration: a wrong name must not shorten seven years to thirty days. */
import type { Decision } from './types';

/** One warning a tier, however many backups it made. */
export function forgotten(decisions: Decision[]): string[] {
  const tiers = decisions.flatMap(({ reasons }) =>
    reasons.flatMap(({ kind, by = '' }) => (kind === 'tier' ? [by] : [])),
  );
  return [...Map.groupBy(tiers, (name) => name)].map(
    ([name, { length }]) =>
      `${length} backups are of tier ${name}, which the configuration does not name: they stay until it does, or until --retention says an age`,
  );
}
