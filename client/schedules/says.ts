/** What is wrong with what should run by itself, as `status` says it and metrics tell it. */
import type { BackupHead } from '../../domain/backup';
import type { Config } from '../../domain/config/types';
import { formatDuration } from '../../domain/config/units';
import { isPoint } from '../../domain/recovery-points';
import type { MaintenanceHealth } from '../../domain/schedule/maintenance';
import { ageLimit, plannedWork } from '../../domain/schedule/plan';
import { shownPause } from '../output/schedules';
import type { ScheduleLook } from './look';

interface Says {
  problems: string[];
  warnings: string[];
}

/** Forgotten: paused for longer than is allowed, or nobody knows since when. */
export function isForgotten({ paused }: Pick<ScheduleLook, 'paused'>, { maintenance }: Config, now: number): boolean {
  if (paused === null) return false;
  return paused.at === undefined || now - Date.parse(paused.at) > maintenance.pauseLimit;
}

export function schedulesSay(config: Config, looks: ScheduleLook[], now: number): Says {
  const says: Says = { problems: [], warnings: [] };
  const missing = looks.filter(({ applied }) => !applied).map(({ site, work }) => `${work} of ${site}`);
  if (missing.length > 0)
    says.warnings.push(
      `${missing.length} of ${looks.length} schedules are not applied (${shortened(missing)}): run "holdfast schedules apply"`,
    );
  for (const look of looks) {
    const { site, work, paused, last } = look;
    if (paused !== null) {
      const forgotten = isForgotten(look, config, now);
      const limit = forgotten ? `, longer than the ${formatDuration(config.maintenance.pauseLimit)} allowed` : '';
      says[forgotten ? 'problems' : 'warnings'].push(`${work} (${site}) is paused ${shownPause(paused)}${limit}`);
    }
    if (last?.trouble === undefined) continue;
    const { at, outcome, reason } = last.trouble;
    const ended = outcome === 'skipped' ? 'was skipped' : 'failed';
    says.warnings.push(`the last scheduled ${work} (${site}), at ${at}, ${ended}${reason ? `: ${reason}` : ''}`);
  }
  return says;
}

const namesTold = 3;

function shortened(names: string[]): string {
  return names.length > namesTold ? `${names.slice(0, namesTold).join(', ')} …` : names.join(', ');
}

/** Maintenance that was not done for too long, or whose last run refused or failed. What its schedule tells already is not said twice. */
export function maintenanceSay(maintenance: MaintenanceHealth[], looks: ScheduleLook[], now: number): Says {
  const says: Says = { problems: [], warnings: [] };
  const told = new Set(looks.filter(({ last }) => last?.trouble).map(({ site, work }) => `${site}/${work}`));
  for (const { site, work, last, lastCompleted, limitSeconds, overdue } of maintenance) {
    if (overdue) {
      const since =
        lastCompleted === undefined ? 'never done' : `last done ${age(now - Date.parse(lastCompleted))} ago`;
      says.problems.push(`${work} (${site}) was ${since}: at most ${age(limitSeconds * 1000)} may pass`);
    }
    if (last === undefined || last.outcome === 'completed' || told.has(`${site}/${work}`)) continue;
    const why = last.code === undefined ? '' : `: ${last.code}: ${last.reason}`;
    const ended = last.outcome === 'failed' ? 'failed' : `was ${last.outcome}`;
    says.warnings.push(`the last ${work} (${site}), at ${last.at}, ${ended}${why}`);
  }
  return says;
}

/** To the second. */
function age(ms: number): string {
  return formatDuration(Math.round(ms / 1000) * 1000);
}

/** A tier whose newest backup is older than its schedule and the grace allow. Recovery points have their own words (`rowsSay`). */
export function tiersSay(
  config: Config,
  sites: string[],
  heads: BackupHead[],
  looks: ScheduleLook[],
  now: number,
): Says {
  const says: Says = { problems: [], warnings: [] };
  const begun = new Map(looks.map(({ site, work, last }) => [`${site}/${work}`, last?.at]));
  for (const planned of plannedWork(config, sites)) {
    const { site, work, kind, period } = planned;
    if (kind !== 'tier' || config.tiers[work]?.type === 'point') continue;
    const own = heads.filter((head) => head.site === site && head.tier === work && !isPoint(head));
    const newest = own.findLast(({ status }) => status === 'completed');
    if (newest !== undefined) {
      const age = now - Date.parse(newest.startedAt);
      if (age > ageLimit(planned))
        says.problems.push(
          `the newest backup of the tier ${work} (${site}) is ${formatDuration(age)} old: one is due every ${formatDuration(period)}`,
        );
    } else if (begun.get(`${site}/${work}`) !== undefined) {
      says.warnings.push(`the tier ${work} (${site}) has no backup, though its schedule has run`);
    }
  }
  return says;
}
