/** One run whose history is kept. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import type * as workflows from '../../workflows';
import type { Behaviour } from '../workflows/mocked-site';
import type { Stage } from '../workflows/with-workers';

export interface Scene {
  type: keyof typeof workflows;
  /** Why the history is kept; its file's name. */
  reason: string;
  behaviour?: () => Behaviour;
  request?: object;
  /** Kept is the first of several runs, each of which goes on as a new one. */
  firstRun?: boolean;
  /** Recorded by an earlier version, whose runs may still be under way: kept as it is. */
  kept?: boolean;
  /** What happens besides waiting for the end. */
  act?: (stage: Stage, handle: WorkflowHandle) => Promise<unknown>;
  /** Before the workflow starts. */
  before?: (stage: Stage) => Promise<unknown>;
}

export function cancelAt(step: string): NonNullable<Scene['act']> {
  return async (_stage, handle) => {
    for (;;) {
      const progress = await handle.query<{ step?: string }>('progress');
      if (progress.step?.startsWith(step)) break;
      await sleep(50);
    }
    await handle.cancel();
  };
}
