/** A piece of planned work as the engine is told of it. */
import { type ScheduleOptions, type ScheduleOptionsAction, ScheduleOverlapPolicy } from '@temporalio/client';
import type { Priority as TaskPriority } from '@temporalio/common';
import type { Config } from '../../domain/config/types';
import type { Priority } from '../../domain/config/types-schedules';
import { workflowQueue } from '../../domain/requests';
import type { Timing } from '../../domain/schedule/firings';
import { type PlannedWork, plannedWork } from '../../domain/schedule/plan';
import { attributes } from '../../workflows/frame/attributes';
import { scheduledRequest, scheduleId } from './orders';

/** The SDK sends the priority, though its type does not name it. */
export type Action = ScheduleOptionsAction & { priority?: TaskPriority };

export interface WantedSchedule {
  id: string;
  planned: PlannedWork;
  options: ScheduleOptions<Action>;
}

export function wantedSchedules(config: Config, sites: string[]): WantedSchedule[] {
  return plannedWork(config, sites).map((planned) => ({
    id: scheduleId(config.system, planned),
    planned,
    options: optionsOf(config, planned),
  }));
}

export const priorityKeys: Record<Priority, number> = { high: 1, normal: 3, low: 5 };

/** A run that still goes on is not doubled: of many that an outage kept from starting one is started. */
function optionsOf(config: Config, planned: PlannedWork): ScheduleOptions<Action> {
  const { site, work, timing, jitter, catchUp, priority } = planned;
  const request = scheduledRequest(config, planned);
  return {
    scheduleId: scheduleId(config.system, planned),
    spec: { ...specOf(timing), jitter },
    // Found by it, in the list of a system of many sites.
    typedSearchAttributes: [{ key: attributes.site, value: site }],
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: catchUp },
    action: {
      type: 'startWorkflow',
      workflowType: 'scheduledRun',
      workflowId: `scheduled/${config.system}/${site}/${work}`,
      taskQueue: workflowQueue,
      args: [request],
      staticSummary: `${request.order.summary}, by its schedule`,
      priority: { priorityKey: priorityKeys[priority] },
      typedSearchAttributes: [
        { key: attributes.procedure, value: 'scheduled run' },
        { key: attributes.site, value: site },
        { key: attributes.tier, value: work },
        { key: attributes.stores, value: request.stores },
        { key: attributes.outcome, value: 'waiting' },
      ],
    },
  };
}

function specOf(timing: Timing): ScheduleOptions['spec'] {
  if ('every' in timing) return { intervals: [{ every: timing.every }] };
  return { cronExpressions: [timing.cron], timezone: timing.zone };
}
