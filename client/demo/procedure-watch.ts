/** Watches a running procedure from outside, through the engine alone: it answers also while no worker lives. */
import { lstatSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { Client } from '@temporalio/client';

/** `PENDING_ACTIVITY_STATE_STARTED` */
const started = 2;

/** Names of the activities that a worker has in hand now; undefined when the procedure does not run. */
export async function activitiesInHand(client: Client, workflowId: string): Promise<Set<string> | undefined> {
  try {
    const { status, raw } = await client.workflow.getHandle(workflowId).describe();
    if (status.name !== 'RUNNING') return undefined;
    const pending = raw.pendingActivities ?? [];
    return new Set(pending.filter(({ state }) => Number(state) === started).map((one) => one.activityType?.name ?? ''));
  } catch {
    return undefined;
  }
}

/** Bytes that the files below a folder occupy; 0 when there is none. Files may come and go meanwhile. */
export function occupied(folder: string): number {
  let bytes = 0;
  for (const name of namesIn(folder)) {
    const place = path.join(folder, name);
    try {
      const stat = lstatSync(place);
      bytes += stat.isDirectory() ? occupied(place) : stat.blocks * 512;
    } catch {
      // Gone between the two calls.
    }
  }
  return bytes;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
