/**
 * What follows from how often something is due: how late a missed one is still made up for, how old the newest may be, how long a run waits
 * for its turn, and how far the sites are spread.
 */
import { nextFirings, type Timing } from './firings';

const minute = 60_000;
const hour = 60 * minute;

/** From when the gaps of a cron are looked at: a Sunday, before a leap day. */
const reference = Date.UTC(2027, 7, 1);
const gapsLookedAt = 60;

/** The longest time between two firings, in milliseconds; shifts of clocks do not count. */
export function periodOf(timing: Timing): number {
  if ('every' in timing) return timing.every;
  const known = periods.get(timing.cron);
  if (known !== undefined) return known;
  const times = nextFirings({ ...timing, zone: 'UTC' }, reference, gapsLookedAt);
  const period = times.reduce((longest, at, index) => Math.max(longest, at - (times[index - 1] ?? at)), 0);
  periods.set(timing.cron, period);
  return period;
}

/** Of a large system each is asked for at every site. */
const periods = new Map<string, number>();

/** The server knows nothing shorter. */
const leastCatchUp = 10_000;

/**
 * How late what an outage of the engine kept from starting is still started. One period: then exactly one is missed at any time, and with an
 * overlap that skips one run is started however many were missed.
 */
export function catchUpOf(period: number, most = Number.POSITIVE_INFINITY): number {
  return Math.max(leastCatchUp, Math.min(period, most));
}

/** How much later than its period the newest may be before it counts as missed, and how long a run waits for its turn. */
export function graceOf(period: number): number {
  return Math.max(Math.min(period / 4, 6 * hour), Math.min(period, 5 * minute));
}

/** Three seconds a site, so that 200 sites begin over ten minutes; never more than a tenth of the period. */
export function jitterOf(period: number, sites: number): number {
  if (sites < 2) return 0;
  return Math.floor(Math.min(sites * 3000, period / 10) / 1000) * 1000;
}

/**
 * Which of the firings that an outage swallowed is made up for when it ends: the oldest that is not too late, and no other.
 * @param missed in order, all before `now`
 */
export function madeUpFor(missed: number[], now: number, catchUp: number): number | undefined {
  return missed.find((at) => now - at <= catchUp);
}
