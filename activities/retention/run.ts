import { activityInfo, cancellationSignal } from '@temporalio/activity';
import type { RetentionRequest } from '../../domain/retention/requests';
import type { RepositoryCopy } from '../../repository/copy';
import type { RetentionRun } from '../../repository/retention/stages';
import { timelinesFrom } from '../../repository/retention/timelines';
import type { SiteContext } from '../context';

export interface OpenRun {
  copies: RepositoryCopy[];
  /** Names of stores that cannot be reached, with the reason. */
  away: string[];
  run: RetentionRun;
}

/** @param age of the request */
export async function openRun(context: SiteContext, { age }: Pick<RetentionRequest, 'age'>): Promise<OpenRun> {
  const repository = await context.repository();
  const { copies, unavailable } = repository;
  const { config, site } = context;
  const partial = unavailable.length > 0;
  return {
    copies,
    away: unavailable.map(({ store, error }) => `${store.name}: ${error.message}`),
    run: {
      ...{ config, site, age, partial },
      host: Date.now,
      timelinesIn: timelinesFrom(repository),
      signal: cancellationSignal(),
    },
  };
}

/** Of the procedure's run: whose plan it is. */
export function runName(): string {
  return activityInfo().workflowExecution?.runId ?? '';
}

/** A zombie of an earlier attempt takes back only what itself announced. */
export function attemptName(): string {
  return `${runName()}/${activityInfo().activityId}/${activityInfo().attempt}`;
}
