/** Activities bound to where they must run, with times and retries that survive a dead worker and an absent store. */

import type { Duration } from '@temporalio/common';
import { type ActivityOptions, proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { ControlActivities, SiteActivities } from '../../activities/contracts';
import { siteQueue } from '../../domain/requests';

export interface Binding {
  /** One line for the Web UI's timeline. */
  summary: string;
  /** How long the step may take altogether, waiting for a store or an agent to come back included. */
  giveUpAfter?: Duration;
  /** Nothing has begun yet: what cannot be reached after a few tries is told at once instead of being waited for. */
  first?: boolean;
  /** How often it is tried at the most, where it is not waited for. */
  tries?: number;
  /** Runs for as long as the worker does: its attempts are the deaths of workers over months, and no reason to wait longer each time. */
  lasting?: boolean;
  /** What was begun cannot be taken up again: an attempt that fails, or whose worker dies, is the caller's business. */
  once?: boolean;
}

/** Some ten seconds: a server that restarts is waited for, one that is not there is not. */
const firstAttempts = 6;

/**
 * Every activity heartbeats by itself (`workers/pulse.ts`), so a dead worker is noticed within `heartbeatTimeout` whatever it
 * was doing. What is worth trying again says so by its error code; unknown errors are tried a few times only by the time limit.
 */
const patience: ActivityOptions = {
  heartbeatTimeout: '6 seconds',
  startToCloseTimeout: '30 days',
  scheduleToCloseTimeout: '30 days',
  retry: { initialInterval: '500ms', backoffCoefficient: 1.7, maximumInterval: '10 seconds' },
};

/** Activities of a site's agent: its data, its services, its stores. */
export function onSite(site: string, { summary, giveUpAfter, first, tries, lasting, once }: Binding): SiteActivities {
  return proxyActivities<SiteActivities>({
    ...patience,
    ...(giveUpAfter === undefined ? {} : { scheduleToCloseTimeout: giveUpAfter, startToCloseTimeout: giveUpAfter }),
    ...(first ? { retry: { ...patience.retry, maximumAttempts: firstAttempts } } : {}),
    ...(tries === undefined ? {} : { retry: { ...patience.retry, maximumAttempts: tries } }),
    ...(lasting ? { retry: { ...patience.retry, maximumInterval: '1 second' } } : {}),
    ...(once ? { retry: { maximumAttempts: 1 } } : {}),
    taskQueue: siteQueue(site),
    summary,
  });
}

/** Activities that any worker may do that runs workflows. */
export function onControl({
  summary,
  giveUpAfter,
  tries,
}: Pick<Binding, 'summary' | 'giveUpAfter' | 'tries'>): ControlActivities {
  return proxyActivities<ControlActivities>({
    ...patience,
    scheduleToCloseTimeout: giveUpAfter,
    startToCloseTimeout: giveUpAfter,
    ...(tries === undefined ? {} : { retry: { ...patience.retry, maximumAttempts: tries } }),
    taskQueue: workflowInfo().taskQueue,
    summary,
  });
}

/** Activities that must meet the very process that served an earlier one; when it is gone nobody takes them up (docs/data-safety.md, F30). */
export function inProcess(queue: string, summary: string): SiteActivities {
  return proxyActivities<SiteActivities>({
    ...patience,
    scheduleToStartTimeout: '10 seconds',
    scheduleToCloseTimeout: '1 hour',
    startToCloseTimeout: '1 hour',
    taskQueue: queue,
    summary,
  });
}
