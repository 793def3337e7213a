/** `watch`: follows a procedure that somebody started. */
import { configured, type GlobalOptions, type Outcome } from '../context';
import { joinEngine } from '../engine/join';
import { say } from '../output/say';
import { findProcedure } from '../procedures/find';
import { follow } from '../procedures/follow';
import { outcomeOf } from '../procedures/run';

export async function watch(options: GlobalOptions, name?: string): Promise<Outcome> {
  const engine = await joinEngine(await configured(options), { start: false, say });
  try {
    const handle = await findProcedure(engine.client, name);
    const end = await follow(handle);
    if (end !== 'left') return outcomeOf([end], false);
    return outcomeOf([{ procedure: '', workflowId: handle.workflowId, status: 'in_progress' }], false);
  } finally {
    await engine.close();
  }
}
