/**
 * The instants at which a tier or a piece of maintenance is due, as the server finds them: each from the one before, on the clock of the zone.
 * A time that the clock skips does not come. Of an hour that the clock shows twice the server has a view of its own (docs/operations.md): west
 * of UTC both passes come, east of it only a part.
 */
import { DateTime, IANAZone } from 'luxon';
import { firstWallTime } from './cron';

/** By the clock on the wall of a zone; or every so many milliseconds, counted from 1970. */
export type Timing = { cron: string; zone: string } | { every: number };

const hour = 3_600_000;

/** Later ones than `after` (milliseconds since 1970), in order, for ever. */
export function* firings(timing: Timing, after: number): Generator<number> {
  for (let at = nextFiring(timing, after); at !== undefined; at = nextFiring(timing, at)) yield at;
}

/** The next `count` of them. */
export function nextFirings(timing: Timing, after: number, count: number): number[] {
  const found: number[] = [];
  for (const at of firings(timing, after)) {
    found.push(at);
    if (found.length === count) break;
  }
  return found;
}

function nextFiring(timing: Timing, after: number): number | undefined {
  if ('every' in timing) return (Math.floor(after / timing.every) + 1) * timing.every;
  const { cron, zone } = timing;
  const wall = wallOf(after, zone);
  const thisHour = Math.floor(wall / hour) * hour;
  const within = (from: number) => firstWallTime(cron, from, thisHour + hour);
  const secondPass = thisHour === Math.floor(wallOf(after - hour, zone) / hour) * hour;
  const soon = within(wall);
  if (soon !== undefined && exists(soon, zone)) return instantOf(soon, zone) + (secondPass ? hour : 0);
  // An hour that is due, with more than an hour to the next, is gone through again.
  const again = within(thisHour - 1);
  const repeated = instantOf(thisHour + hour, zone) - instantOf(thisHour, zone) > hour;
  if (again !== undefined && repeated && !secondPass) return instantOf(again, zone) + hour;
  for (let from = thisHour + hour; ; ) {
    const next = firstWallTime(cron, from - 1);
    if (next === undefined || exists(next, zone)) return next && instantOf(next, zone);
    from = (Math.floor(next / hour) + 1) * hour;
  }
}

/** What the clock on the wall shows, written as if it were UTC. */
function wallOf(at: number, zone: string): number {
  return at + offsetAt(at, zone);
}

/** Of two possible instants: the one whose offset is in force at what the clock would show in UTC. Of none: one beside it. */
function instantOf(wall: number, zone: string): number {
  const offset = offsetAt(wall, zone);
  return offsetAt(wall - offset, zone) === offset ? wall - offset : wall - offsetAt(wall - offset, zone);
}

/** Whether the clock shows this hour on that day. */
function exists(wall: number, zone: string): boolean {
  return new Date(wallOf(instantOf(wall, zone), zone)).getUTCHours() === new Date(wall).getUTCHours();
}

/** Asking a zone costs far more than anything else here, and its clock is set at whole quarters of an hour. */
const asked = new Map<string, number>();
const mostRemembered = 50_000;
const quarter = 900_000;

function offsetAt(at: number, zone: string): number {
  if (zone === 'UTC') return 0;
  const key = `${zone} ${Math.floor(at / quarter)}`;
  const known = asked.get(key);
  if (known !== undefined) return known;
  if (asked.size >= mostRemembered) asked.clear();
  const offset = IANAZone.create(zone).offset(at) * 60_000;
  asked.set(key, offset);
  return offset;
}

/** A fixed offset is none: the engine refuses it. */
export function isZone(name: string): boolean {
  return !/^[+-]/.test(name) && IANAZone.isValidZone(name) && DateTime.utc().setZone(name).isValid;
}
