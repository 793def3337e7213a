/** Tiers with a schedule as Temporal Schedules, one a site: the engine starts their backups, whether or not anybody is here. */
import { type Client, ScheduleNotFoundError, type ScheduleOptions, ScheduleOverlapPolicy } from '@temporalio/client';
import { siteNames } from '../../domain/config/names';
import type { Config } from '../../domain/config/types';
import { workflowQueue } from '../../domain/requests';
import { backupOrder } from './backup-order';

export interface TierSchedule {
  id: string;
  site: string;
  tier: string;
  /** Five fields, UTC; or how often, in milliseconds. */
  cron?: string;
  every?: number;
}

export function schedulesOf(config: Config): TierSchedule[] {
  return siteNames(config).flatMap((site) =>
    Object.entries(config.tiers).flatMap(([tier, { schedule: cron, every }]) =>
      cron === undefined && every === undefined
        ? []
        : [{ id: `holdfast/${config.system}/${site}/${tier}`, site, tier, cron, every }],
    ),
  );
}

/** Creates what is missing and brings the others up to date; others' schedules are not touched. May run any number of times. */
export async function applySchedules(
  client: Client,
  config: Config,
): Promise<{ id: string; done: 'created' | 'updated' }[]> {
  const applied: { id: string; done: 'created' | 'updated' }[] = [];
  for (const schedule of schedulesOf(config)) {
    const options = scheduleOptions(config, schedule);
    const handle = client.schedule.getHandle(schedule.id);
    try {
      await handle.update((previous) => ({ ...options, state: previous.state }));
      applied.push({ id: schedule.id, done: 'updated' });
    } catch (error) {
      if (!(error instanceof ScheduleNotFoundError)) throw error;
      await client.schedule.create(options);
      applied.push({ id: schedule.id, done: 'created' });
    }
  }
  return applied;
}

/** A run that was missed is made up for when it is less than an hour late; one that still runs is not doubled. */
function scheduleOptions(config: Config, { id, site, tier, cron, every }: TierSchedule): ScheduleOptions {
  const { type, workflowId, request, summary } = backupOrder(config, { site, tier, upload: config.upload });
  const spec = every === undefined ? { cronExpressions: [cron ?? ''] } : { intervals: [{ every }] };
  return {
    scheduleId: id,
    spec: { ...spec, timezone: 'UTC' },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: catchUp(every) },
    action: {
      type: 'startWorkflow',
      workflowType: type,
      workflowId,
      taskQueue: workflowQueue,
      args: [request],
      staticSummary: summary,
    },
  };
}

/** What comes round soon is made up for by its next: an outage of an hour starts one, and not a dozen. */
function catchUp(every: number | undefined): number {
  return Math.min(hour, every ?? hour);
}

const hour = 3_600_000;
