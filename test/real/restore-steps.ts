/**
 * A restore without its packs: the activities of the runbook in their order, on a copy of a data directory that was placed before.
 * What decides about a target, prepares the replay and ends it is the product's own.
 */
import { execFileSync } from 'node:child_process';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { SiteContext } from '../../activities/context';
import { checkTarget } from '../../activities/restore/check-target';
import { dropSetAside } from '../../activities/restore/drop';
import { fetchWal } from '../../activities/restore/fetch-wal';
import { finishReplay, prepareReplay, replay, validate } from '../../activities/restore/replay';
import { resolveRestore } from '../../activities/restore/resolve';
import type { RestoreRequest } from '../../domain/requests';

export interface Steps {
  context: SiteContext;
  component: string;
  /** What was placed by `restore --place-only`. */
  placed: string;
}

let runs = 0;

/** @param to a directory that is not there yet; the database ends below it, replayed and stopped */
export async function restoreBySteps(
  { context, component, placed }: Steps,
  { at, inclusive, to }: Pick<RestoreRequest, 'at' | 'inclusive'> & { to: string },
): Promise<void> {
  const request: RestoreRequest = {
    ...{ site: context.site, backup: 'latest', at, inclusive, to, components: [component] },
    ...{ delta: false, skipVerification: false, placeOnly: false, start: false },
  };
  const workflowExecution = { workflowId: 'restore', runId: `run-${++runs}` };
  const step = async <A, R>(one: (context: SiteContext, argument: A) => Promise<R>, argument: A): Promise<R> =>
    await new MockActivityEnvironment({ workflowExecution }).run(() => one(context, argument));
  const { job } = await step(fetchWal, await step(resolveRestore, request));
  await step(checkTarget, job);
  for (const { target } of job.components) execFileSync('cp', ['-a', '--reflink=auto', placed, target]);
  for (const one of [prepareReplay, replay, validate, finishReplay]) await step(one, { job, component });
  await step(dropSetAside, job);
}
