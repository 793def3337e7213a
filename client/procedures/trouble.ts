/** Why a procedure is not getting on: the activity that is being tried again, and what its last try ended with. */
import type { WorkflowHandle } from '@temporalio/client';

/** For people, in one line; undefined while everything runs at its first try. */
export async function troubleOf(handle: WorkflowHandle): Promise<string | undefined> {
  const { raw } = await handle.describe();
  const again = raw.pendingActivities?.find(({ attempt, lastFailure }) => (attempt ?? 1) > 1 && lastFailure);
  if (!again?.lastFailure) return undefined;
  const { timeoutFailureInfo, message } = again.lastFailure;
  const why = timeoutFailureInfo ? 'its worker gave no sign of life' : message?.split('\n')[0];
  return `${inWords(again.activityType?.name ?? 'a step')} is tried again: ${why}`;
}

/** `storeRun` → `store run`: activities are named by what they do. */
function inWords(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
