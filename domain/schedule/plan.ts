/** Everything that a configuration wants to happen by itself, site by site. */
import { siteNames } from '../config/names';
import type { Config } from '../config/types';
import { type MaintenanceKind, maintenanceKinds, type Priority } from '../config/types-schedules';
import { formatDuration } from '../config/units';
import type { Timing } from './firings';
import { catchUpOf, graceOf, jitterOf, periodOf } from './pace';

export interface PlannedWork {
  site: string;
  /** Name of the tier, or of the maintenance. */
  work: string;
  kind: 'tier' | MaintenanceKind;
  timing: Timing;
  /** Milliseconds, all of them. */
  period: number;
  jitter: number;
  catchUp: number;
  grace: number;
  priority: Priority;
}

const day = 86_400_000;

export function plannedWork(config: Config, sites = siteNames(config)): PlannedWork[] {
  const tiers = plannedTiers(config);
  if (tiers.length === 0) return [];
  const everything = [...tiers, ...plannedMaintenance(config)];
  return sites.flatMap((site) => everything.map((one) => ({ site, ...one })));
}

export function timingOf({ timezone }: Config, tier: Config['tiers'][string] | undefined): Timing | undefined {
  if (tier?.every !== undefined) return { every: tier.every };
  return tier?.schedule === undefined ? undefined : { cron: tier.schedule, zone: timezone };
}

type Anywhere = Omit<PlannedWork, 'site'>;

function plannedTiers(config: Config): Anywhere[] {
  return Object.entries(config.tiers).flatMap(([work, tier]) => {
    const timing = timingOf(config, tier);
    const { priority = 'normal', jitter } = tier;
    return timing === undefined
      ? []
      : [{ work, kind: 'tier' as const, timing, priority, ...pace(config, timing, jitter) }];
  });
}

/** Less urgent than any backup; what was missed for more than a day can as well wait for its next time. */
function plannedMaintenance(config: Config): Anywhere[] {
  return maintenanceKinds
    .filter((kind) => config.maintenance[kind] !== 'off' && (kind !== 'moves' || anythingMoves(config)))
    .map((kind) => {
      const timing = { cron: config.maintenance[kind], zone: config.timezone };
      const { catchUp, ...rest } = pace(config, timing, config.maintenance.jitter);
      return { work: kind, kind, timing, priority: 'low', catchUp: catchUpOf(catchUp, day), ...rest };
    });
}

function anythingMoves({ tiers, retention }: Config): boolean {
  if (retention.archive !== undefined) return true;
  return Object.values(tiers).some(({ move = [] }) => move.length > 0);
}

function pace(config: Config, timing: Timing, jitter: number | undefined) {
  const period = periodOf(timing);
  const sites = siteNames(config).length;
  return { period, jitter: jitter ?? jitterOf(period, sites), catchUp: catchUpOf(period), grace: graceOf(period) };
}

/** How old the newest backup of a tier, or the last run of maintenance, may be, in milliseconds. */
export function ageLimit({ period, jitter, grace }: Pick<PlannedWork, 'period' | 'jitter' | 'grace'>): number {
  return period + jitter + grace;
}

/** For people. */
export function shownTiming(timing: Timing): string {
  return 'every' in timing ? `every ${formatDuration(timing.every)}` : `${timing.cron} ${timing.zone}`;
}
