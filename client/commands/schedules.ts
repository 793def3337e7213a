/** `schedules`: brings the engine's schedules to what the configuration says, shows them, pauses and resumes them. */
import type { Client } from '@temporalio/client';
import { nearestName } from '../../domain/config/nearest';
import type { Config } from '../../domain/config/types';
import { HoldfastError } from '../../domain/errors';
import { plannedWork } from '../../domain/schedule/plan';
import { configured, type GlobalOptions, type Outcome } from '../context';
import { joinEngine } from '../engine/join';
import { confirm } from '../output/confirm';
import { say } from '../output/say';
import { shownApplied, shownChanges, shownLooks } from '../output/schedules';
import { applyChanges } from '../schedules/apply';
import { diffSchedules } from '../schedules/diff';
import { describeSchedule, forEach } from '../schedules/known';
import { lookAtSchedules } from '../schedules/look';
import { scheduleId } from '../schedules/orders';
import { pauseNote, readPause, resumeNote } from '../schedules/pause';
import { askedSites, chosenSites } from '../sites';

export interface ScheduleOptions extends GlobalOptions {
  site?: string;
}

export async function diff(options: ScheduleOptions): Promise<Outcome> {
  return await withEngine(options, async (client, config) => {
    const changes = await diffSchedules(client, config, sitesOf(config, options.site));
    const json = changes.map(({ wanted: _, ...change }) => change);
    return { json, text: shownChanges(changes) };
  });
}

export async function apply(options: ScheduleOptions): Promise<Outcome> {
  return await withEngine(options, async (client, config) => {
    const changes = await diffSchedules(client, config, sitesOf(config, options.site));
    const gone = changes.filter(({ change }) => change === 'remove');
    if (gone.length > 0) {
      const ids = gone.map(({ id, paused }) => (paused ? `${id} (paused)` : id)).join(', ');
      await confirm(`${gone.length} schedules are removed, for which nothing is configured any more: ${ids}`, options);
    }
    const applied = await applyChanges(client, changes);
    return { json: applied, text: shownApplied(applied, plannedWork(config).length) };
  });
}

export async function list(options: ScheduleOptions): Promise<Outcome> {
  return await withEngine(options, async (client, config) => {
    const looks = await lookAtSchedules(client, config, askedSites(config, options.site));
    return { json: looks, text: shownLooks(looks) };
  });
}

export interface PauseOptions extends ScheduleOptions {
  tier?: string;
  all?: boolean;
  reason?: string;
}

interface Switched {
  id: string;
  done: 'paused' | 'resumed' | 'was paused' | 'was not paused' | 'not applied';
}

export async function pause(options: PauseOptions): Promise<Outcome> {
  const reason = options.reason?.trim();
  if (reason === undefined || reason === '') {
    throw new HoldfastError('usage', 'a schedule is paused for a reason', { hints: ['add --reason TEXT'] });
  }
  return await switchEach(options, async (client, id) => {
    const before = await describeSchedule(client, id);
    if (before === undefined) return 'not applied';
    // Whoever paused it first has the say.
    if (before.state.paused && readPause(before.state.note).at !== undefined) return 'was paused';
    await client.schedule.getHandle(id).pause(pauseNote(reason, new Date()));
    return 'paused';
  });
}

export async function resume(options: PauseOptions): Promise<Outcome> {
  return await switchEach(options, async (client, id) => {
    const before = await describeSchedule(client, id);
    if (before === undefined) return 'not applied';
    if (!before.state.paused) return 'was not paused';
    await client.schedule.getHandle(id).unpause(resumeNote(new Date()));
    return 'resumed';
  });
}

async function switchEach(
  options: PauseOptions,
  work: (client: Client, id: string) => Promise<Switched['done']>,
): Promise<Outcome> {
  return await withEngine(options, async (client, config) => {
    const ids = chosen(config, options);
    const switched = await forEach(ids, async (id): Promise<Switched> => ({ id, done: await work(client, id) }));
    const text = switched.map(({ id, done }) => `${id} ${done}`).join('\n');
    return { json: switched, text, exit: switched.some(({ done }) => done === 'not applied') ? 1 : 0 };
  });
}

/** @throws HoldfastError `usage` unless it is said which: a tier (or a piece of maintenance), or all of them */
function chosen(config: Config, { tier, all, site }: PauseOptions): string[] {
  if ((tier === undefined) === (all !== true)) {
    throw new HoldfastError('usage', 'expected either --tier or --all', {
      hints: ['--tier also takes a piece of maintenance, for example retention'],
    });
  }
  const planned = plannedWork(config, askedSites(config, site));
  const meant = planned.filter(({ work }) => all === true || work === tier);
  if (meant.length > 0) return meant.map((one) => scheduleId(config.system, one));
  const known = [...new Set(planned.map(({ work }) => work))];
  const nearest = tier === undefined ? undefined : nearestName(tier, known);
  throw new HoldfastError(
    'usage',
    tier === undefined ? 'no tier has a schedule' : `nothing named "${tier}" has a schedule`,
    {
      hints:
        known.length === 0 ? [] : [nearest === undefined ? `known: ${known.join(', ')}` : `did you mean "${nearest}"?`],
    },
  );
}

/** Undefined: all, also those that are configured no more. */
function sitesOf(config: Config, site: string | undefined): string[] | undefined {
  return site === undefined || site === 'all' ? undefined : chosenSites(config, site);
}

async function withEngine(
  options: GlobalOptions,
  work: (client: Client, config: Config) => Promise<Outcome>,
): Promise<Outcome> {
  const loaded = await configured(options);
  const engine = await joinEngine(loaded, { start: false, say });
  try {
    return await work(engine.client, loaded.config);
  } finally {
    await engine.close();
  }
}
