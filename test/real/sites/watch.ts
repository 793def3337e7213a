/** Watches scheduled runs until as many have ended as were wanted; tells how many have, and gives up when nothing happens any more. */
import type { WorkflowClient } from '@temporalio/client';

const toldEveryMs = 15_000;

interface Watching {
  /** When they are due, in milliseconds: before, nothing has to happen. */
  since: number;
  /** Seconds. */
  stall: number;
  say: (line: string) => void;
}

export class Watch {
  private counts = '';
  private changedAt: number;
  private toldAt = 0;

  constructor(
    private readonly workflows: Pick<WorkflowClient, 'count'>,
    private readonly wanted: number,
    private readonly watching: Watching,
  ) {
    this.changedAt = watching.since;
  }

  /** Whether all have ended. @throws Error when none has begun and none has ended for too long */
  async look(now = Date.now()): Promise<boolean> {
    const { stall, say } = this.watching;
    const count = async (query: string) => (await this.workflows.count(query)).count;
    const run = 'WorkflowType = "scheduledRun"';
    const [begun, ended, steps] = await Promise.all([
      count(run),
      count(`${run} AND ExecutionStatus != "Running"`),
      count('ExecutionStatus != "Running"'),
    ]);
    const counts = `${begun} ${ended} ${steps}`;
    if (counts !== this.counts) this.changedAt = Math.max(now, this.watching.since);
    this.counts = counts;
    const told = `${begun} of ${this.wanted} runs have begun, ${ended} have ended`;
    const over = ended >= this.wanted;
    if (over || now - this.toldAt > toldEveryMs) {
      say(told);
      this.toldAt = now;
    }
    if (!over && now - this.changedAt > stall * 1000)
      throw new Error(`${told}, and for ${stall} s nothing has begun or ended`);
    return over;
  }
}
