/** Whether what was promised is kept: missed when no store keeps it, told when one of several would take too long. */
import { type ComponentRef, componentRefs } from '../../domain/config/names';
import type { Config } from '../../domain/config/types';
import { formatDuration } from '../../domain/config/units';
import { leastLost, type Measured, promisedOf, recoveryPointMissed, recoveryTimeMissed } from '../../domain/promised';
import type { LedgerSays } from './ledger-problems';
import type { ComponentPoints } from './points';

/** One entry for each component and store. */
export function measuredOf(points: ComponentPoints[]): Measured[] {
  return points.flatMap(({ site, component, store, rpoSeconds, rto, copies }) =>
    copies === undefined
      ? [{ site, component, store, rpoSeconds, rto }]
      : copies.map((copy) => ({ site, component, store: copy.store, rpoSeconds: copy.rpoSeconds, rto: copy.rto })),
  );
}

export function measuredHere(measured: Measured[], { site, name }: Pick<ComponentRef, 'site' | 'name'>): Measured[] {
  return measured.filter((one) => one.site === site && one.component === name);
}

/** `hasBackup`: recovery points are judged only after a site's first backup. */
export function objectivesSay(
  config: Config,
  sites: string[],
  measured: Measured[],
  hasBackup: (site: string) => boolean,
): LedgerSays {
  const says: LedgerSays = { problems: [], warnings: [] };
  for (const ref of sites.flatMap((site) => componentRefs(config, site))) {
    const own = measuredHere(measured, ref);
    if (hasBackup(ref.site)) says.problems.push(...pointSays(config, ref, own));
    const late = timeSays(config, ref, own);
    says.problems.push(...late.problems);
    says.warnings.push(...late.warnings);
  }
  return says;
}

function pointSays(config: Config, { site, name, component }: ComponentRef, own: Measured[]): string[] {
  const promised = promisedOf(config, component);
  if (!recoveryPointMissed(promised, own)) return [];
  const lost = leastLost(own);
  const missed = `the recovery point objective of ${shown(promised.rpoSeconds)} is missed for ${name} (${site})`;
  if (lost === undefined) return [`${missed}: nothing of it is stored`];
  if (component.kind === 'files') return [`${missed}: its newest backup is ${shown(lost)} old`];
  return [`${missed}: the stores are ${shown(lost)} behind`];
}

function timeSays(config: Config, { site, name, component }: ComponentRef, own: Measured[]): LedgerSays {
  const promised = promisedOf(config, component);
  const missed = recoveryTimeMissed(promised, own);
  const { rtoSeconds = Number.POSITIVE_INFINITY } = promised;
  const texts = own.flatMap(({ store, rto }) => {
    if (!rto || rto.seconds <= rtoSeconds) return [];
    const from = store === undefined ? '' : ` from ${store}`;
    return [
      `the recovery time objective of ${shown(rtoSeconds)} is missed for ${name} (${site}): a restore${from} would take about ${shown(rto.seconds)}, by ${rto.restsOn}`,
    ];
  });
  return missed ? { problems: texts, warnings: [] } : { problems: [], warnings: texts };
}

function shown(seconds = 0): string {
  return formatDuration(seconds * 1000);
}

/** As `points` and `status` show it. */
export function shownRestoreTime({ rto }: Pick<ComponentPoints, 'rto'>): string | undefined {
  return rto && `${formatDuration(Math.ceil(rto.seconds) * 1000)} (by ${rto.restsOn})`;
}
