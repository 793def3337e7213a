/** What the engine says of every schedule: when it comes next, how its last run ended, and who paused it. One list, however many there are. */
import type { Client, ScheduleSummary } from '@temporalio/client';
import type { Config } from '../../domain/config/types';
import { plannedWork, shownTiming } from '../../domain/schedule/plan';
import { attributes } from '../../workflows/frame/attributes';
import { knownSchedules } from './known';
import { scheduleId } from './orders';
import { type Pause, readPause } from './pause';

export interface ScheduleLook {
  id: string;
  site: string;
  /** The tier, or what of the maintenance. */
  work: string;
  when: string;
  applied: boolean;
  paused: Pause | null;
  next: string | null;
  last: { at: string; workflowId: string; trouble?: Trouble } | null;
}

/** How a run ended that did not do its work. */
export interface Trouble {
  outcome: string;
  reason?: string;
}

export async function lookAtSchedules(client: Client, config: Config, sites: string[]): Promise<ScheduleLook[]> {
  const known = await knownSchedules(client, config.system, sites.length === 1 ? sites[0] : undefined);
  const troubles = await recentTroubles(client);
  return plannedWork(config, sites).map((planned) => {
    const id = scheduleId(config.system, planned);
    const { site, work, timing } = planned;
    return { id, site, work, when: shownTiming(timing), ...lookOf(known.get(id), troubles) };
  });
}

function lookOf(
  one: ScheduleSummary | undefined,
  troubles: Map<string, Trouble>,
): Pick<ScheduleLook, 'applied' | 'paused' | 'next' | 'last'> {
  if (one === undefined) return { applied: false, paused: null, next: null, last: null };
  const last = one.info.recentActions.at(-1);
  const workflowId = last?.action.workflow.workflowId ?? '';
  return {
    applied: true,
    paused: one.state.paused ? readPause(one.state.note) : null,
    next: one.info.nextActionTimes[0]?.toISOString() ?? null,
    last: last === undefined ? null : { at: last.takenAt.toISOString(), workflowId, trouble: troubles.get(workflowId) },
  };
}

const lookedBackMs = 8 * 86_400_000;
/** Enough for every site of a large system to have been skipped for a while; newest first. */
const mostLookedAt = 5000;

/** By workflow id. */
async function recentTroubles(client: Client): Promise<Map<string, Trouble>> {
  const since = new Date(Date.now() - lookedBackMs).toISOString();
  const query = `WorkflowType = "scheduledRun" AND ${attributes.outcome.name} IN ("skipped", "failed") AND StartTime > "${since}"`;
  const troubles = new Map<string, Trouble>();
  for await (const { workflowId, typedSearchAttributes, memo } of client.workflow.list({ query, pageSize: 1000 })) {
    const reason: unknown = memo?.['reason'];
    const outcome = typedSearchAttributes.get(attributes.outcome) ?? '';
    troubles.set(workflowId, { outcome, ...(typeof reason === 'string' && { reason }) });
    if (troubles.size >= mostLookedAt) break;
  }
  return troubles;
}
