/** Schedules for people: what would change, what was changed, and how each stands. */
import { siteNames } from '../../domain/config/names';
import type { Config } from '../../domain/config/types';
import { formatDuration } from '../../domain/config/units';
import { plannedWork, shownTiming } from '../../domain/schedule/plan';
import type { Applied } from '../schedules/apply';
import type { Change } from '../schedules/diff';
import type { ScheduleLook } from '../schedules/look';
import type { Pause } from '../schedules/pause';
import { table } from './table';

/** What runs by itself at each site, as `config check` shows it. */
export function plannedTable(config: Config): string[] {
  const rows = plannedWork(config, siteNames(config).slice(0, 1)).map(({ work, timing, priority, jitter, grace }) => [
    ...[work, shownTiming(timing), priority],
    ...[formatDuration(jitter), formatDuration(grace)],
  ]);
  return rows.length === 0 ? [] : [table(['RUNS BY ITSELF', 'WHEN', 'PRIORITY', 'JITTER', 'GRACE'], rows)];
}

export function shownChanges(changes: Change[]): string {
  if (changes.length === 0) return 'the schedules are as configured';
  const sign = { create: '+', change: '~', remove: '-' };
  return changes
    .flatMap(({ id, change, fields, paused }) => [
      `${sign[change]} ${change} ${id}${paused ? ' (paused)' : ''}`,
      ...fields.map(({ field, now, wanted }) => `    ${field}: ${now} -> ${wanted}`),
    ])
    .join('\n');
}

export function shownApplied(applied: Applied[], configured: number): string {
  if (applied.length > 0) return applied.map(({ id, done }) => `${id} ${done}`).join('\n');
  return configured === 0 ? 'no tier has a schedule' : 'the schedules are as configured: nothing was changed';
}

export function shownLooks(looks: ScheduleLook[]): string {
  const rows = looks.map(({ site, work, when, applied, paused, next, last }) => [
    ...[site, work, when],
    applied ? (paused === null ? (next ?? '-') : 'paused') : 'not applied',
    last === null ? '-' : last.at,
    last?.trouble === undefined ? '' : [last.trouble.outcome, last.trouble.reason].filter(Boolean).join(': '),
    paused === null ? '' : shownPause(paused),
  ]);
  return table(['SITE', 'WORK', 'WHEN', 'NEXT', 'LAST', 'TROUBLE', 'PAUSED'], rows);
}

export function shownPause({ by, at, reason }: Pause): string {
  return `${[by && `by ${by}`, at && `at ${at}`].filter(Boolean).join(' ')}${by === undefined ? '' : ': '}${reason}`;
}
