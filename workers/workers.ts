/**
 * The workers of one process: workflows, and activities bound to no host, on `holdfast`; the activities of each served site on `holdfast-site-<site>`, and a queue
 * of the process's own for work that must meet an open session again (docs/data-safety.md, F30).
 *
 * Guaranteed: an orderly stop lets running activities see the cancellation and end in order within the grace time.
 * Not guaranteed: anything after SIGKILL; that is what heartbeats, idempotent activities and the store are for.
 */
import { randomUUID } from 'node:crypto';
import type { NativeConnection, WorkerOptions } from '@temporalio/worker';
import { Worker } from '@temporalio/worker';
import { SiteContext } from '../activities/context';
import { controlActivities } from '../activities/control';
import { siteActivities } from '../activities/site';
import { siteNames } from '../domain/config/names';
import type { LoadedConfig } from '../domain/config/types';
import { siteQueue, workflowQueue } from '../domain/requests';
import { aroundActivities } from './around';
import { Authorship } from './authorship';
import { workflowBundle } from './bundle';
import { Failures } from './failures';
import { boundMemory } from './memory';
import { Pulse } from './pulse';

export interface WorkersOptions {
  connection: NativeConnection;
  namespace: string;
  loaded: LoadedConfig;
  /** Sites whose activities run here; absent: all of the configuration. */
  sites?: string[];
  /** Whether workflows run here too. */
  workflows: boolean;
  onFatal?: (error: unknown) => void;
}

export interface RunningWorkers {
  /** Ends in order: no new work, running activities cancelled, sessions and pools closed. */
  stop(): Promise<void>;
}

/**
 * Idle queues of many sites: the server takes 1,200 open polls of a namespace by default, and lets all wait once there are more. Ten for each queue, as
 * the SDK would have it, are too many for 60 sites; so one, and more while there is work.
 */
const polls = { type: 'autoscaling', minimum: 1, initial: 1, maximum: 10 } as const;

/** Every activity can be cut anywhere and goes on in the next worker: what is not over in a moment is cancelled. */
const graceTime = '300ms';

export async function startWorkers(options: WorkersOptions): Promise<RunningWorkers> {
  const { connection, namespace, loaded } = options;
  boundMemory();
  const common = {
    connection,
    namespace,
    shutdownGraceTime: graceTime,
    // A killed worker costs this on top of the heartbeat timeout: the default of 10 s is a third of a good recovery time.
    stickyQueueScheduleToStartTimeout: '1 second',
    maxHeartbeatThrottleInterval: '1 second',
    defaultHeartbeatThrottleInterval: '1 second',
    interceptors: {
      activity: [
        () => ({ inbound: new Pulse() }),
        () => ({ inbound: new Failures() }),
        () => ({ inbound: new Authorship() }),
        ...aroundActivities.map((make) => () => ({ inbound: make() })),
      ],
    },
  } satisfies Partial<WorkerOptions>;
  const contextFor = (site: string) =>
    new SiteContext({ loaded, site, processQueue: `holdfast-process-${site}-${randomUUID()}` });
  const contexts = (options.sites ?? siteNames(loaded.config)).map(contextFor);
  const visited = new Map(contexts.map((context) => [context.site, context]));
  const contextOf = (site: string) => {
    const context = visited.get(site) ?? contextFor(site);
    visited.set(site, context);
    return context;
  };
  const workers: Worker[] = [];
  if (options.workflows) {
    workers.push(
      await Worker.create({
        ...common,
        taskQueue: workflowQueue,
        workflowBundle: { codePath: await workflowBundle() },
        activities: { ...controlActivities(contextOf) },
      }),
    );
  }
  for (const context of contexts) {
    const activities = { ...siteActivities(context) };
    for (const taskQueue of [siteQueue(context.site), context.processQueue]) {
      workers.push(await Worker.create({ ...common, taskQueue, activities, activityTaskPollerBehavior: polls }));
    }
  }
  const runs = workers.map((worker) => worker.run());
  for (const run of runs) run.catch((error: unknown) => options.onFatal?.(error));
  return {
    async stop() {
      for (const worker of workers) {
        if (worker.getState() === 'RUNNING') worker.shutdown();
      }
      await Promise.allSettled(runs);
      await Promise.allSettled([...visited.values()].map((context) => context.close()));
    },
  };
}
