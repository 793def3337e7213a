/** A year of the full set of tiers: what the planner and the applied rules make of it is what a naive clock makes of it. */
import { parseConfig } from '../../../domain/config/parse';
import { starterConfig } from '../../../domain/config/starter';
import type { Config } from '../../../domain/config/types';
import { type Scene, type SimulatedRun, simulate } from '../../model/schedules/site';
import { stepThrough, type Told } from '../../model/schedules/stepped';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** Both passes of its repeated hour are due, and the clocks change twice in the year. */
const config: Config = { ...parseConfig(starterConfig, '/holdfast.yaml').config, timezone: 'America/New_York' };

const from = Date.UTC(2027, 0, 1, 5);
const to = Date.UTC(2028, 0, 1, 5);
const oneDay = { from: Date.UTC(2027, 4, 11, 3, 17), to: Date.UTC(2027, 4, 12, 3, 17) };
const oneWeek = { from: Date.UTC(2027, 7, 30, 1, 2), to: Date.UTC(2027, 8, 6, 1, 2) };

/** Minutes; some of the hourly ones take longer than two hours, a few of the daily ones longer than a day. */
const usual: Record<string, number> = {
  continuous: 2,
  hourly: 7,
  incremental: 11,
  daily: 45,
  weekly: 130,
  monthly: 150,
  annual: 400,
};
function takes(work: string, startedAt: number): number {
  const dayOfYear = Math.floor((startedAt - from) / day);
  if (work === 'hourly' && dayOfYear % 50 === 7) return 150 * minute;
  if (work === 'daily' && dayOfYear % 90 === 40) return 26 * hour;
  return (usual[work] ?? 1) * minute;
}

const scene: Scene = { config, from, to, outages: [oneDay, oneWeek], takes };

/** As docs/operations.md has it: a quarter of the period, at least five minutes, at most six hours. */
const told: Record<string, Told> = {
  continuous: { period: 5, grace: 5 },
  hourly: { period: 60, grace: 15 },
  incremental: { period: 360, grace: 90 },
  daily: { period: 1440, grace: 360 },
  weekly: { period: 7 * 1440, grace: 360 },
  monthly: { period: 31 * 1440, grace: 360 },
  annual: { period: 366 * 1440, grace: 360 },
};

const simulated = simulate(scene);
const ofWork = (work: string, since = from, until = to) =>
  simulated.runs.filter((run) => run.work === work && run.startedAt >= since && run.startedAt < until);

test('every run of the year is where a naive clock has it', () => {
  const stepped = stepThrough(scene, told);
  expect(stepped.length).toBeGreaterThan(100_000);
  const shown = (runs: SimulatedRun[]) =>
    runs.map(({ work, startedAt, endedAt }) => `${work} ${new Date(startedAt).toISOString()} ${endedAt - startedAt}`);
  const [planned, naive] = [shown(simulated.runs), shown(stepped)];
  expect(planned.length).toBe(naive.length);
  expect(planned.filter((run, index) => run !== naive[index])).toEqual([]);
});

test('an outage of a day or a week is made up for by one run of each tier at most, as soon as it is over', () => {
  for (const outage of [oneDay, oneWeek]) {
    for (const work of Object.keys(config.tiers)) {
      expect(ofWork(work, outage.from, outage.to)).toEqual([]);
      const missed = simulated.missed.filter((one) => one.work === work && one.at >= outage.from && one.at < outage.to);
      const within = told[work]?.period ?? 0;
      if (missed.length > 0) expect(ofWork(work, outage.to, outage.to + within * minute).length).toBeGreaterThan(0);
    }
  }
  // Of the week's daily ones six are lost, and the one of the last night comes when the engine does.
  const lost = simulated.missed.filter(({ work, at }) => work === 'daily' && at >= oneWeek.from);
  expect(lost.length).toBe(6);
  expect(ofWork('daily', oneWeek.to, oneWeek.to + 4 * hour)).toHaveLength(1);
});

test('when the clocks go forward the daily one is left out; when they go back the weekly one is due twice, and finds itself running', () => {
  expect(ofWork('daily', Date.UTC(2027, 2, 14, 5), Date.UTC(2027, 2, 15, 4))).toEqual([]);
  const sunday = ofWork('weekly', Date.UTC(2027, 10, 7, 4), Date.UTC(2027, 10, 8, 5));
  expect(sunday).toHaveLength(1);
  const again = simulated.skipped.filter(({ work, at }) => work === 'weekly' && at > Date.UTC(2027, 10, 7, 4));
  expect(again[0]).toEqual({ work: 'weekly', at: Date.UTC(2027, 10, 7, 6), why: 'still running' });
});

test('a run that is longer than its interval is not doubled, and one that waits in vain is skipped', () => {
  for (const work of Object.keys(config.tiers)) {
    const own = ofWork(work);
    const doubled = own.filter((run, index) => run.startedAt < (own[index - 1]?.endedAt ?? 0));
    expect(doubled).toEqual([]);
  }
  const why = (one: string) => new Set(simulated.skipped.filter((skip) => skip.why === one).map(({ work }) => work));
  expect(why('still running')).toContain('hourly');
  expect(why('waited in vain')).toContain('hourly');
});
