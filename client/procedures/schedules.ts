/** Tiers with a schedule as Temporal Schedules, one a site: the engine starts their backups, whether or not anybody is here. */
import { type Client, ScheduleNotFoundError, type ScheduleOptions, ScheduleOverlapPolicy } from '@temporalio/client';
import { siteNames } from '../../domain/config/names';
import type { Config } from '../../domain/config/types';
import { type BackupRequest, workflowQueue } from '../../domain/requests';
import { backupWorkflowId } from './ids';

export interface TierSchedule {
  id: string;
  site: string;
  tier: string;
  /** Five fields, UTC. */
  cron: string;
}

export function schedulesOf(config: Config): TierSchedule[] {
  return siteNames(config).flatMap((site) =>
    Object.entries(config.tiers).flatMap(([tier, { schedule: cron }]) =>
      cron === undefined ? [] : [{ id: `holdfast/${config.system}/${site}/${tier}`, site, tier, cron }],
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
function scheduleOptions(config: Config, { id, site, tier, cron }: TierSchedule): ScheduleOptions {
  const request: BackupRequest = { site, tier, type: config.tiers[tier]?.type ?? 'full', upload: config.upload };
  return {
    scheduleId: id,
    spec: { cronExpressions: [cron], timezone: 'UTC' },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1 hour' },
    action: {
      type: 'startWorkflow',
      workflowType: 'backup',
      workflowId: backupWorkflowId(config.system, site),
      taskQueue: workflowQueue,
      args: [request],
      staticSummary: `full backup of ${config.system} ${site}, tier ${tier}`,
    },
  };
}
