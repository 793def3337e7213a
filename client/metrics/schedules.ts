/** Of what runs by itself: read from the engine now and then, and told from memory in between. */
import type { Client } from '@temporalio/client';
import { siteNames } from '../../domain/config/names';
import type { Config } from '../../domain/config/types';
import type { Sample } from '../../domain/metrics';
import { ageLimit, plannedWork } from '../../domain/schedule/plan';
import { lookAtSchedules, type ScheduleLook } from '../schedules/look';
import { isForgotten } from '../schedules/says';
import { answered } from './stores';

/** One list and one question each time; of two hundred agents that is enough. */
const everyMs = 60_000;
const patienceMs = 10_000;

export class ScheduleReader {
  private looks?: ScheduleLook[];
  private next = 0;

  /** No sites: a control worker, which tells of all. */
  constructor(
    private readonly client: Client,
    private readonly config: Config,
    private readonly sites: string[],
  ) {}

  async read(now: number): Promise<Sample[]> {
    const sites = this.sites.length === 0 ? siteNames(this.config) : this.sites;
    if (now >= this.next) {
      this.looks = await answered(lookAtSchedules(this.client, this.config, sites), patienceMs);
      this.next = now + (this.looks === undefined ? 0 : everyMs);
    }
    return scheduleSamples(this.config, sites, this.looks, now);
  }
}

/** @param looks absent while the engine does not answer */
export function scheduleSamples(config: Config, sites: string[], looks: ScheduleLook[] = [], now: number): Sample[] {
  const { system } = config;
  const limits = plannedWork(config, sites)
    .filter(({ kind }) => kind === 'tier')
    .map((one): Sample => {
      const labels = { system, site: one.site, tier: one.work };
      return { name: 'holdfast_tier_age_limit_seconds', labels, value: ageLimit(one) / 1000 };
    });
  const states = looks.flatMap((look): Sample[] => {
    const labels = { system, site: look.site, work: look.work };
    return [
      { name: 'holdfast_schedule_applied', labels, value: Number(look.applied) },
      { name: 'holdfast_schedule_paused', labels, value: Number(look.paused !== null) },
      { name: 'holdfast_schedule_forgotten', labels, value: Number(isForgotten(look, config, now)) },
      { name: 'holdfast_schedule_troubled', labels, value: Number(look.last?.trouble !== undefined) },
    ];
  });
  return [...limits, ...states];
}
