/** Has the engine start what a schedule starts, now, and waits for its end. */
import { setTimeout as sleep } from 'node:timers/promises';
import { scheduleId } from '../../../client/schedules/orders';
import type { MaintenanceKind } from '../../../domain/config/types-schedules';
import { attributes } from '../../../workflows/frame/attributes';
import type { Deployment } from './deployment';

export interface Fired {
  outcome: string;
  reason?: string;
}

/** @param kind `tier`, or the piece of maintenance that `work` is */
export async function fire(
  { env: { client }, config }: Deployment,
  site: string,
  work: string,
  kind: 'tier' | MaintenanceKind,
): Promise<Fired> {
  const schedule = client.schedule.getHandle(scheduleId(config.system, { site, work, kind }));
  const runs = async () => (await schedule.describe()).info.recentActions;
  const before = (await runs()).length;
  await schedule.trigger();
  let began = await runs();
  for (const deadline = Date.now() + 30_000; began.length === before; began = await runs()) {
    if (Date.now() > deadline) throw new Error(`${work} of ${site} was not started`);
    await sleep(100);
  }
  const run = client.workflow.getHandle(began.at(-1)?.action.workflow.workflowId ?? '');
  await run.result().catch(() => undefined);
  const { typedSearchAttributes, memo } = await run.describe();
  const reason: unknown = memo?.['reason'];
  const outcome = typedSearchAttributes.get(attributes.outcome) ?? '';
  return { outcome, ...(typeof reason === 'string' && { reason }) };
}
