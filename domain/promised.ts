/**
 * What is promised of a component, beside what is measured of it: pure, so that `status`, `points` and the metrics say the same. A promise is
 * kept when one store keeps it; nothing is said where nothing was measured.
 */
import type { ComponentConfig, Config, PostgresComponent } from './config/types';
import type { RestoreTime } from './objectives';

export interface Promised {
  rpoSeconds?: number;
  rtoSeconds?: number;
}

/** A component, as one store would give it back now. */
export interface Measured {
  site: string;
  component: string;
  store?: string;
  /** What would be lost. */
  rpoSeconds?: number;
  /** What a restore would take. */
  rto?: RestoreTime;
}

/**
 * A component's own objectives go before the system's, each by itself. The system's recovery point is promised of databases: files are as old
 * as their last backup, and who promises less of them says so with the component.
 */
export function promisedOf({ objectives }: Pick<Config, 'objectives'>, component: ComponentConfig): Promised {
  const rpo = component.objectives?.rpo ?? (component.kind === 'postgres' ? objectives?.rpo : undefined);
  const rto = component.objectives?.rto ?? objectives?.rto;
  return { ...(rpo !== undefined && { rpoSeconds: rpo / 1000 }), ...(rto !== undefined && { rtoSeconds: rto / 1000 }) };
}

/** How far the stores may be behind a database while its WAL is shipped: a second, or twice as long as it may gather where that is more. */
export function shippingPromised({ wal }: Pick<PostgresComponent, 'wal'>): number {
  return Math.max(1, (2 * wal.interval) / 1000);
}

/** `measured`: of one component. Undefined where nothing is promised. Nothing stored at all misses every promise. */
export function recoveryPointMissed({ rpoSeconds }: Promised, measured: Measured[]): boolean | undefined {
  if (rpoSeconds === undefined) return undefined;
  return !measured.some((one) => one.rpoSeconds !== undefined && one.rpoSeconds <= rpoSeconds);
}

/** `measured`: of one component. Undefined where nothing is promised, or no restore can be estimated. */
export function recoveryTimeMissed({ rtoSeconds }: Promised, measured: Measured[]): boolean | undefined {
  const taken = measured.flatMap(({ rto }) => (rto ? [rto.seconds] : []));
  if (rtoSeconds === undefined || taken.length === 0) return undefined;
  return taken.every((seconds) => seconds > rtoSeconds);
}

/** The store that lost least. */
export function leastLost(measured: Measured[]): number | undefined {
  const lost = measured.flatMap(({ rpoSeconds }) => rpoSeconds ?? []);
  return lost.length === 0 ? undefined : Math.min(...lost);
}
