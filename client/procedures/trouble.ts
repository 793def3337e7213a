/** Why a procedure is not getting on: the activity that is being tried again, and what its last try ended with. */
import type { WorkflowHandle } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import type { temporal } from '@temporalio/proto';

/** For people, in one line; undefined while everything runs at its first try. */
export async function troubleOf(handle: WorkflowHandle): Promise<string | undefined> {
  const { raw } = await handle.describe();
  const again = raw.pendingActivities?.find(({ attempt, lastFailure }) => (attempt ?? 1) > 1 && lastFailure);
  if (!again?.lastFailure) return raw.pendingActivities?.map(waitOf).find((one) => one !== undefined);
  const { timeoutFailureInfo, message } = again.lastFailure;
  const why = timeoutFailureInfo ? 'its worker gave no sign of life' : message?.split('\n')[0];
  return `${inWords(again.activityType?.name ?? 'a step')} is tried again: ${why}`;
}

/** A replay gets its WAL while it runs; for a moment it may always have to wait. */
const longWaitMs = 5000;

/** What a replay says of itself with each heartbeat (`activities/restore/replay.ts`). */
interface ReplayDetails {
  waitingFor?: string;
  waitedMs?: number;
}

function waitOf({ activityType, heartbeatDetails }: temporal.api.workflow.v1.IPendingActivityInfo): string | undefined {
  const payload = activityType?.name === 'replay' ? heartbeatDetails?.payloads?.[0] : undefined;
  const details = payload && defaultPayloadConverter.fromPayload<ReplayDetails | undefined>(payload);
  if (details?.waitingFor === undefined || (details.waitedMs ?? 0) < longWaitMs) return undefined;
  return `the replay waits for segment ${details.waitingFor}`;
}

/** `storeRun` → `store run`: activities are named by what they do. */
function inWords(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
