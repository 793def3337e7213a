/**
 * `abort`: ends a procedure in order. It starts the embedded engine when none runs: a procedure whose engine died still holds
 * what it changed, and only a worker can put that back.
 */
import { configured, type GlobalOptions, type Outcome } from '../context';
import { joinEngine } from '../engine/join';
import { say } from '../output/say';
import { findProcedure } from '../procedures/find';
import { follow } from '../procedures/follow';
import { outcomeOf } from '../procedures/run';

export async function abort(options: GlobalOptions & { detach?: boolean }, name?: string): Promise<Outcome> {
  const engine = await joinEngine(await configured(options), {
    start: true,
    say,
    keepServer: () => options.detach === true,
  });
  try {
    const handle = await findProcedure(engine.client, name);
    const { status, type } = await handle.describe();
    if (status.name === 'RUNNING') await handle.cancel();
    const running = { procedure: type, workflowId: handle.workflowId, status: 'in_progress' as const };
    if (options.detach) return outcomeOf([running], false);
    const end = await follow(handle);
    const outcome = outcomeOf([end === 'left' ? running : end], false);
    // What was asked for is done when it is aborted; ended otherwise, it came too late.
    return { ...outcome, exit: end === 'left' || end.status === 'aborted' ? 0 : 1 };
  } finally {
    await engine.close();
  }
}
