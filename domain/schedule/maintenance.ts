/**
 * What is on record of maintenance (retention, copies, verification …), and whether it is done as often as its schedule says: pure. The stores keep
 * it, so that it is known whichever engine ran it, and whoever started it.
 *
 * Guaranteed: an older run never covers a newer one, whatever order they are told in. Not guaranteed: that a run is on record which no store let
 * write: then it is overdue sooner or later.
 */
import { z } from 'zod';
import { maintenanceKinds } from '../config/types-schedules';
import { catalogue, isErrorCode } from '../errors';
import { ageLimit, type PlannedWork } from './plan';

const runSchema = z.looseObject({
  workflowId: z.string(),
  runId: z.string(),
  status: z.enum(['completed', 'failed', 'aborted']),
  startedAt: z.string(),
  endedAt: z.string(),
  error: z.looseObject({ code: z.string(), message: z.string() }).optional(),
});

/** Of one kind of maintenance at one site. */
export const maintenanceMarkSchema = z.looseObject({
  format: z.literal(1),
  site: z.string(),
  work: z.enum(maintenanceKinds),
  /** When the first run that is on record ended, however it ended. */
  firstAt: z.string(),
  last: runSchema,
  /** When the last run ended that did its work. */
  completedAt: z.string().optional(),
});

export type MaintenanceRun = z.infer<typeof runSchema>;
export type MaintenanceMark = z.infer<typeof maintenanceMarkSchema>;

/** The mark once a run has ended. The same run twice changes nothing. */
export function withRun(
  before: MaintenanceMark | undefined,
  { site, work }: Pick<MaintenanceMark, 'site' | 'work'>,
  run: MaintenanceRun,
): MaintenanceMark {
  const completed = run.status === 'completed' ? { completedAt: run.endedAt } : {};
  const own: MaintenanceMark = { format: 1, site, work, firstAt: run.endedAt, last: run, ...completed };
  return before === undefined ? own : together(before, own);
}

/** What several stores say of one. */
export function together(one: MaintenanceMark, other: MaintenanceMark): MaintenanceMark {
  const completed = [one.completedAt, other.completedAt].filter((at) => at !== undefined).sort();
  return {
    ...one,
    firstAt: one.firstAt < other.firstAt ? one.firstAt : other.firstAt,
    last: one.last.endedAt > other.last.endedAt ? one.last : other.last,
    ...(completed.length > 0 && { completedAt: completed.at(-1) }),
  };
}

export interface MaintenanceHealth {
  site: string;
  work: PlannedWork['work'];
  lastCompleted?: string;
  /** The newest run, whoever started it; absent: none is on record. */
  last?: { at: string; outcome: MaintenanceOutcome; code?: string; reason?: string };
  /** How long ago it may have been done: the period of its schedule and the grace. */
  limitSeconds: number;
  overdue: boolean;
}

/** `refused`: it saw that it must not begin, and touched nothing. */
export type MaintenanceOutcome = 'completed' | 'refused' | 'failed' | 'aborted';

/**
 * One for each that has a schedule. Where none was ever done, time counts from the first backup or the first run that is on record; a site that has
 * neither has nothing to maintain.
 * @param firstBackups by site, RFC 3339 @param now milliseconds
 */
export function maintenanceHealth(
  planned: PlannedWork[],
  marks: MaintenanceMark[],
  firstBackups: Map<string, string>,
  now: number,
): MaintenanceHealth[] {
  const known = new Map<string, MaintenanceMark>();
  for (const mark of marks) {
    const before = known.get(`${mark.site}/${mark.work}`);
    known.set(`${mark.site}/${mark.work}`, before === undefined ? mark : together(before, mark));
  }
  return planned
    .filter(({ kind }) => kind !== 'tier')
    .map((one) => {
      const { site, work } = one;
      const mark = known.get(`${site}/${work}`);
      const begun = [mark?.firstAt, firstBackups.get(site)].filter((at) => at !== undefined).sort();
      const since = mark?.completedAt ?? begun[0];
      const limit = ageLimit(one);
      return {
        ...{ site, work, limitSeconds: limit / 1000 },
        overdue: since !== undefined && now - Date.parse(since) > limit,
        ...(mark?.completedAt !== undefined && { lastCompleted: mark.completedAt }),
        ...(mark && { last: lastOf(mark.last) }),
      };
    });
}

function lastOf({ status, endedAt, error }: MaintenanceRun): NonNullable<MaintenanceHealth['last']> {
  const refused = status === 'failed' && error !== undefined && isRefusal(error.code);
  return {
    at: endedAt,
    outcome: refused ? 'refused' : status,
    ...(error && { code: error.code, reason: error.message }),
  };
}

/** A damaged catalog is a failure to whoever reads it, and a reason to begin nothing here. */
function isRefusal(code: string): boolean {
  return code === 'catalog_damaged' || (isErrorCode(code) && catalogue[code].exit === 2);
}
