/** The schedules that the engine has, of one system. */
import { type Client, type ScheduleDescription, ScheduleNotFoundError, type ScheduleSummary } from '@temporalio/client';
import { attributes } from '../../workflows/frame/attributes';
import { schedulesOf } from './orders';

/**
 * By id. What was made or removed a moment ago may be missing here, or still be there.
 * @param site only those of this one
 */
export async function knownSchedules(
  client: Client,
  system: string,
  site?: string,
): Promise<Map<string, ScheduleSummary>> {
  const known = new Map<string, ScheduleSummary>();
  const query = site === undefined ? undefined : `${attributes.site.name} = "${site}"`;
  for await (const one of client.schedule.list({ pageSize: 1000, query })) {
    if (one.scheduleId.startsWith(schedulesOf(system))) known.set(one.scheduleId, one);
  }
  return known;
}

export async function describeSchedule(client: Client, id: string): Promise<ScheduleDescription | undefined> {
  try {
    return await client.schedule.getHandle(id).describe();
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return undefined;
    throw error;
  }
}

const atOnce = 20;

/** In the order of the items, a few at once: the engine is asked for each. */
export async function forEach<T, R>(items: T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results = new Array<R>(items.length);
  const left = [...items.entries()];
  const worker = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) results[next[0]] = await work(next[1]);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}
