/** What `apply` would change: schedules that are missing, that differ (field by field), and that nothing is configured for any more. */
import type { Client, ScheduleDescription, ScheduleOptions } from '@temporalio/client';
import type { Config } from '../../domain/config/types';
import { formatDuration } from '../../domain/config/units';
import { firings, type Timing } from '../../domain/schedule/firings';
import { describeSchedule, forEach, knownSchedules } from './known';
import { type Action, type WantedSchedule, wantedSchedules } from './options';
import { schedulesOf } from './orders';

export interface FieldChange {
  field: string;
  now: string;
  wanted: string;
}

export interface Change {
  id: string;
  change: 'create' | 'change' | 'remove';
  /** Of a change. */
  fields: FieldChange[];
  /** A paused one stays so, and goes with its schedule. */
  paused?: boolean;
  wanted?: WantedSchedule;
}

/** @param sites those whose schedules are looked at; absent: all, also those of sites that are not configured any more */
export async function diffSchedules(client: Client, config: Config, sites?: string[]): Promise<Change[]> {
  const wanted = wantedSchedules(config, sites ?? Object.keys(config.sites));
  const known = await knownSchedules(client, config.system);
  const changes = await forEach(wanted, (one) => changeOf(client, one));
  const kept = new Set(wanted.map(({ id }) => id));
  const prefix = schedulesOf(config.system);
  const isMeant = (id: string) => sites?.some((site) => id.startsWith(`${prefix}${site}/`)) ?? true;
  const gone = [...known.values()].filter(({ scheduleId }) => !kept.has(scheduleId) && isMeant(scheduleId));
  // The list lags behind: one that was removed a moment ago is not removed again.
  const there = await forEach(gone, ({ scheduleId }) => describeSchedule(client, scheduleId));
  const removals = there.flatMap((one) =>
    one === undefined ? [] : [{ id: one.scheduleId, change: 'remove' as const, fields: [], paused: one.state.paused }],
  );
  return [...changes.filter((one) => one !== undefined), ...removals];
}

async function changeOf(client: Client, wanted: WantedSchedule): Promise<Change | undefined> {
  const { id } = wanted;
  const now = await describeSchedule(client, id);
  if (now === undefined) return { id, change: 'create', fields: [], wanted };
  const fields = fieldChanges(now, wanted);
  return fields.length === 0 ? undefined : { id, change: 'change', fields, wanted, paused: now.state.paused };
}

function fieldChanges(now: ScheduleDescription, { options, planned }: WantedSchedule): FieldChange[] {
  const [before, after] = [fieldsOf(now), fieldsOf(options)];
  const changed = [...new Set([...before.keys(), ...after.keys()])]
    .filter((field) => before.get(field) !== after.get(field))
    .map((field) => ({ field, now: before.get(field) ?? '-', wanted: after.get(field) ?? '-' }));
  if (changed.length > 0 || firesAs(planned.timing, planned.jitter, now.info.nextActionTimes)) return changed;
  return [{ field: 'when', now: 'changed by other means', wanted: after.get('when') ?? '' }];
}

function fieldsOf({ spec, policies, action }: ScheduleOptions<Action> | ScheduleDescription): Map<string, string> {
  const fields = new Map([
    ['jitter', formatDuration(Number(spec.jitter ?? 0))],
    ['catch-up', formatDuration(Number(policies?.catchupWindow ?? 0))],
    ['overlap', String(policies?.overlap)],
    ['priority', String(action.priority?.priorityKey)],
    ['starts', `${action.workflowType} as ${action.workflowId} on ${action.taskQueue}`],
    ['summary', String(action.staticSummary)],
  ]);
  const [request] = action.args ?? [];
  for (const [path, value] of leaves(request)) fields.set(path, value);
  // One change of the jitter is told once; a schedule from before runs were spread differs in this alone.
  const spread = Number(fields.get('jitterMs') ?? 0);
  fields.delete('jitterMs');
  fields.set('spread after an outage', spread === Number(spec.jitter ?? 0) ? 'as its jitter' : formatDuration(spread));
  return fields;
}

/** `order.request.upload` → `true` */
function leaves(value: unknown, path = ''): [string, string][] {
  if (typeof value !== 'object' || value === null) return value === undefined ? [] : [[path, String(value)]];
  if (Array.isArray(value)) return [[path, value.map(String).join(', ')]];
  return Object.entries(value).flatMap(([key, one]) => leaves(one, path === '' ? key : `${path}.${key}`));
}

/** Whoever changed the times by other means left everything else as it was: the next ones tell. */
function firesAs(timing: Timing, jitter: number, next: Date[]): boolean {
  const [first] = next;
  if (first === undefined) return false;
  const planned = firings(timing, first.getTime() - jitter - 1);
  for (const served of next.map((at) => at.getTime())) {
    const { value } = planned.next();
    if (value === undefined || served < value || served > value + jitter) return false;
  }
  return true;
}
