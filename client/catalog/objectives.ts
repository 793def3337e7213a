/** Whether a restore would be over in time: missed when no store would do, told when one of several would not. */
import { formatDuration } from '../../domain/config/units';
import type { LedgerSays } from './ledger-problems';
import type { ComponentPoints } from './points';

export function recoveryTimeSays(points: ComponentPoints[], rtoSeconds: number | undefined): LedgerSays {
  const says: LedgerSays = { problems: [], warnings: [] };
  if (rtoSeconds === undefined) return says;
  const estimated = points.filter(({ rto }) => rto !== undefined);
  const late = estimated.filter(({ rto }) => (rto?.seconds ?? 0) > rtoSeconds);
  for (const one of late) {
    const inTime = estimated.some(
      (other) => other.site === one.site && other.component === one.component && !late.includes(other),
    );
    const from = one.store === undefined ? '' : ` from ${one.store}`;
    says[inTime ? 'warnings' : 'problems'].push(
      `the recovery time objective of ${formatDuration(rtoSeconds * 1000)} is missed for ${one.component} (${one.site}): a restore${from} would take about ${formatDuration((one.rto?.seconds ?? 0) * 1000)}, by ${one.rto?.restsOn}`,
    );
  }
  return says;
}

/** As `points` and `status` show it. */
export function shownRestoreTime({ rto }: Pick<ComponentPoints, 'rto'>): string | undefined {
  return rto && `${formatDuration(Math.ceil(rto.seconds) * 1000)} (by ${rto.restsOn})`;
}
