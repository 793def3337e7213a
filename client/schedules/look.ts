/** What the engine says of every schedule: when it comes next, how its last run ended, and who paused it. One list, however many there are. */
import type { Client, ScheduleSummary, WorkflowExecutionInfo } from '@temporalio/client';
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

/** How a run ended that did not do its work: the newest, or the one before as long as the newest goes on. */
export interface Trouble {
  /** When that run began. */
  at: string;
  outcome: string;
  reason?: string;
}

export async function lookAtSchedules(client: Client, config: Config, sites: string[]): Promise<ScheduleLook[]> {
  const known = await knownSchedules(client, config.system, sites.length === 1 ? sites[0] : undefined);
  const ends = await recentEnds(client);
  return plannedWork(config, sites).map((planned) => {
    const id = scheduleId(config.system, planned);
    const { site, work, timing } = planned;
    return { id, site, work, when: shownTiming(timing), ...lookOf(known.get(id), ends) };
  });
}

function lookOf(
  one: ScheduleSummary | undefined,
  { troubles, running }: Ends,
): Pick<ScheduleLook, 'applied' | 'paused' | 'next' | 'last'> {
  if (one === undefined) return { applied: false, paused: null, next: null, last: null };
  const runs = one.info.recentActions.map(({ takenAt, action }) => ({
    at: takenAt.toISOString(),
    workflowId: action.workflow.workflowId,
  }));
  const last = runs.at(-1);
  // One that only begins again takes no trouble away.
  const ended = last !== undefined && goesOn(last, running) && !troubles.has(last.workflowId) ? runs.at(-2) : last;
  const how = ended && troubles.get(ended.workflowId);
  return {
    applied: true,
    paused: one.state.paused ? readPause(one.state.note) : null,
    next: one.info.nextActionTimes[0]?.toISOString() ?? null,
    last: last === undefined ? null : { ...last, ...(ended && how && { trouble: { at: ended.at, ...how } }) },
  };
}

/** A run that began a moment ago may be missing in the engine's list. */
const listLagsMs = 5000;

function goesOn({ at, workflowId }: { at: string; workflowId: string }, running: Set<string>): boolean {
  return running.has(workflowId) || Date.now() - Date.parse(at) < listLagsMs;
}

const lookedBackMs = 8 * 86_400_000;
/** Enough for every site of a large system to have been skipped for a while; newest first. */
const mostLookedAt = 5000;

/** By workflow id. */
interface Ends {
  troubles: Map<string, Omit<Trouble, 'at'>>;
  running: Set<string>;
}

/** Also of runs that were cut off before they could tell. */
async function recentEnds(client: Client): Promise<Ends> {
  const since = new Date(Date.now() - lookedBackMs).toISOString();
  const told = `${attributes.outcome.name} IN ("skipped", "failed")`;
  const cut = 'ExecutionStatus IN ("Failed", "Terminated", "TimedOut")';
  const troubles: Ends['troubles'] = new Map();
  for await (const run of runsLike(client, `(${told} OR ${cut}) AND StartTime > "${since}"`)) {
    const outcome = run.typedSearchAttributes.get(attributes.outcome);
    const reason: unknown = run.memo?.['reason'];
    const status = run.status.name.toLowerCase().replace('_', ' ');
    troubles.set(run.workflowId, {
      outcome: outcome === 'skipped' ? outcome : 'failed',
      reason: typeof reason === 'string' ? reason : `its run ended as ${status}`,
    });
    if (troubles.size >= mostLookedAt) break;
  }
  const running = new Set<string>();
  if (troubles.size === 0) return { troubles, running };
  for await (const { workflowId } of runsLike(client, 'ExecutionStatus = "Running"')) running.add(workflowId);
  return { troubles, running };
}

function runsLike(client: Client, what: string): AsyncIterable<WorkflowExecutionInfo> {
  return client.workflow.list({ query: `WorkflowType = "scheduledRun" AND ${what}`, pageSize: 1000 });
}
