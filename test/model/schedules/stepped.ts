/**
 * The same year, told as naively as can be: minute by minute, with a clock on the wall and a list of who waits. Shares no line with the planner.
 */
import { IANAZone } from 'luxon';
import type { Scene, SimulatedRun } from './site';

const minute = 60_000;

interface Tier {
  work: string;
  point: boolean;
  isDue: (at: number) => boolean;
  graceMinutes: number;
  catchUpMinutes: number;
  openUntil: number;
  missed: number[];
}

/** Grace and catch-up as the manual tells them, of each tier by its name. */
export interface Told {
  grace: number;
  period: number;
}

export function stepThrough(scene: Scene, told: Record<string, Told>): SimulatedRun[] {
  const { config, from, to, outages } = scene;
  const tiers = Object.entries(config.tiers).map(([work, { schedule, every, type }]): Tier => {
    const { grace = 0, period = 0 } = told[work] ?? {};
    const zone = IANAZone.create(config.timezone);
    const isDue = every === undefined ? byWall(schedule ?? '', zone) : (at: number) => at % every === 0;
    const point = type === 'point';
    return { work, point, isDue, graceMinutes: grace, catchUpMinutes: period, openUntil: 0, missed: [] };
  });
  const runs: SimulatedRun[] = [];
  let freeAt = 0;
  const due = (tier: Tier, at: number) => {
    if (tier.openUntil > at) return;
    const startedAt = tier.point ? at : Math.max(at, freeAt);
    if (startedAt > at + tier.graceMinutes * minute) {
      tier.openUntil = at + tier.graceMinutes * minute;
      return;
    }
    const endedAt = startedAt + scene.takes(tier.work, startedAt);
    if (!tier.point) freeAt = endedAt;
    tier.openUntil = endedAt;
    runs.push({ work: tier.work, startedAt, endedAt });
  };
  for (let at = from; at < to; at += minute) {
    const away = outages.some((one) => one.from <= at && at < one.to);
    for (const tier of tiers) {
      const isDue = tier.isDue(at);
      if (away) {
        if (isDue) tier.missed.push(at);
        continue;
      }
      const late = tier.missed.some((one) => at - one <= tier.catchUpMinutes * minute);
      tier.missed = [];
      // What is due now and what is made up for now are one: the second finds the first.
      if (isDue || late) due(tier, at);
    }
  }
  return runs;
}

const days = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

/** Numbers, `*`, steps of everything, and names of days. */
function byWall(schedule: string, zone: IANAZone): (at: number) => boolean {
  // Offsets change at whole quarters of an hour, and asking costs.
  const asked = { quarter: -1, offset: 0 };
  const offsetAt = (at: number) => {
    const quarter = Math.floor(at / (15 * minute));
    if (quarter !== asked.quarter) Object.assign(asked, { quarter, offset: zone.offset(at) * minute });
    return asked.offset;
  };
  const fields = schedule.split(' ').map((field) => (days.includes(field) ? String(days.indexOf(field)) : field));
  return (at) => {
    const wall = new Date(at + offsetAt(at));
    const shown = [
      wall.getUTCMinutes(),
      wall.getUTCHours(),
      wall.getUTCDate(),
      wall.getUTCMonth() + 1,
      wall.getUTCDay(),
    ];
    return fields.every((field, place) => {
      if (field === '*') return true;
      const value = shown[place] ?? 0;
      return field.startsWith('*/') ? value % Number(field.slice(2)) === 0 : value === Number(field);
    });
  };
}
