/** `holdfast up` of the demo: its process dies by our hand and is started again. */
import { identityOf, isAlive } from '../engine/process-identity';
import type { Commands, RunningCommand } from './holdfast';
import { type Stage, workerPid } from './stage';
import { killQuietly } from './tidy';

interface UpAnswer {
  address: string;
  ui: string;
}

export class Engine {
  private constructor(
    private readonly stage: Stage,
    private readonly commands: Commands,
    private up: RunningCommand,
    readonly answer: UpAnswer,
  ) {}

  static async start(stage: Stage, commands: Commands): Promise<Engine> {
    const up = commands.start('up');
    return new Engine(stage, commands, up, await up.firstAnswer<UpAnswer>());
  }

  get pid(): number {
    return this.up.pid;
  }

  /** kill -9 of whichever process is the worker; undefined while there is none. */
  killWorker(): number | undefined {
    const pid = workerPid(this.stage);
    const identity = pid === undefined ? undefined : identityOf(pid);
    if (pid === undefined || identity === undefined || !isAlive(identity)) return undefined;
    killQuietly(pid);
    return pid;
  }

  /** Another `up` where ours was killed; does not wait until it is ready. */
  startAgainIfKilled(pid: number): boolean {
    if (pid !== this.up.pid) return false;
    this.up = this.commands.start('up');
    return true;
  }
}
