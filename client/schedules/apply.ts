/** Makes the engine's schedules what the configuration says. May run any number of times, also beside itself. */
import { type Client, ScheduleAlreadyRunning, ScheduleNotFoundError } from '@temporalio/client';
import type { Change } from './diff';
import { forEach } from './known';

export interface Applied {
  id: string;
  done: 'created' | 'changed' | 'removed';
}

export async function applyChanges(client: Client, changes: Change[]): Promise<Applied[]> {
  return await forEach(changes, (change) => applyOne(client, change));
}

async function applyOne(client: Client, { id, change, wanted }: Change): Promise<Applied> {
  const handle = client.schedule.getHandle(id);
  if (wanted === undefined) {
    await handle.delete().catch((error: unknown) => {
      if (!(error instanceof ScheduleNotFoundError)) throw error;
    });
    return { id, done: 'removed' };
  }
  const update = () => handle.update(({ state }) => ({ ...wanted.options, state }));
  if (change === 'create') {
    try {
      await client.schedule.create(wanted.options);
      return { id, done: 'created' };
    } catch (error) {
      // Somebody else applies, too.
      if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    }
  }
  await update();
  return { id, done: 'changed' };
}
