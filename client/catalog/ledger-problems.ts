/** What of the ledgers stands between the user and a restore (`status` fails), and what is only worth telling. */
import { formatDuration } from '../../domain/config/units';
import { isTrouble } from '../../domain/wal-ledger';
import type { ComponentPoints } from './points';

/** Shippers look every twenty seconds. */
const staleMs = 120_000;
/** What was mended is told for so long. */
const toldMs = 24 * 3600_000;

export interface LedgerSays {
  problems: string[];
  warnings: string[];
}

/** `streaming`: sites and components whose shipper runs, as `site/component`: of the others `status` tells anyway. */
export function ledgerSays(points: ComponentPoints[], streaming: Set<string>, now: number): LedgerSays {
  const says: LedgerSays = { problems: [], warnings: [] };
  for (const one of points) {
    const where = `${one.component} (${one.site}), store ${one.store}`;
    for (const { text, state, acknowledged, foundAt } of one.ledger?.findings ?? []) {
      if (isTrouble({ state })) says[acknowledged ? 'warnings' : 'problems'].push(`${where}: ${text}`);
      else if (now - Date.parse(foundAt) < toldMs) says.warnings.push(`${where}: ${text}`);
    }
    if (!streaming.has(`${one.site}/${one.component}`) || !isNewest(one, points)) continue;
    const age = now - Date.parse(one.ledger?.checkedAt ?? new Date(now).toISOString());
    if (age > staleMs) says.problems.push(`${where}: nobody has looked at the stored WAL for ${formatDuration(age)}`);
  }
  return { ...says, warnings: [...says.warnings, ...otherSystems(points)] };
}

/** Of a component that was initialised anew, only the newest system's WAL is looked at. */
function isNewest(one: ComponentPoints, points: ComponentPoints[]): boolean {
  return points
    .filter(({ site, component, store }) => site === one.site && component === one.component && store === one.store)
    .every(({ ledger }) => (ledger?.checkedAt ?? '') <= (one.ledger?.checkedAt ?? ''));
}

/** WAL that is shipped now, of another database system than the backups are: one initialised anew, or a connection that leads astray. */
function otherSystems(points: ComponentPoints[]): string[] {
  return points
    .filter((one) => one.kind === 'postgres' && one.intervals.length === 0 && isNewest(one, points))
    .flatMap((one) => {
      const before = points.find(
        ({ site, component, store, intervals }) =>
          site === one.site && component === one.component && store === one.store && intervals.length > 0,
      );
      if (!before) return [];
      return [
        `the WAL of ${one.component} (${one.site}) is now of system ${one.systemIdentifier}, its backups of system ${before.systemIdentifier}: take a backup, or correct the connection`,
      ];
    });
}
