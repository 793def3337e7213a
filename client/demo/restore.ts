/**
 * The restore of the demo, during which the worker is killed twice: in the middle of placing packs, and while the database is
 * being replayed. Whichever process dies is started again as a person would: `up` again, or the same `restore` command again,
 * which joins the procedure that is still running.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { formatBytes } from '../../domain/config/units';
import type { ProcedureResult } from '../../domain/progress';
import { connectClient } from '../engine/connect';
import { restoreWorkflowId } from '../procedures/ids';
import { complaint, type RunningCommand } from './holdfast';
import type { Performance } from './performance';
import { activitiesInHand, occupied } from './procedure-watch';
import { site, system } from './stage';

export interface Kill {
  at: string;
  pid: number;
  during: string;
}

export interface Restored {
  result?: ProcedureResult;
  kills: Kill[];
  /** Why there is no good result. */
  problem?: string;
}

/** In the middle: a quarter of the database is back. */
const shareBeforeKill = 0.25;
/** Into the replay, so that the server is really at it. */
const replayForMs = 300;

export async function restoreUnderFire(on: Performance, at: string, databaseBytes: number): Promise<Restored> {
  const order = ['restore', 'latest', '--at', at, '--start', '--yes'];
  const attempts = new Attempts(on, order);
  const killing = killTwice(on, attempts, databaseBytes);
  const result = await attempts.end;
  const kills = await killing;
  return { ...result, kills };
}

/** The command, and the same again whenever it is killed with the worker that it had become. */
class Attempts {
  readonly end: Promise<Pick<Restored, 'result' | 'problem'>>;
  private current: RunningCommand;
  over = false;

  constructor(
    private readonly on: Performance,
    order: string[],
  ) {
    this.current = on.commands.start(...order);
    this.end = this.follow(order);
    this.end.catch(() => undefined);
  }

  get pid(): number {
    return this.current.pid;
  }

  private async follow(order: string[]): Promise<Pick<Restored, 'result' | 'problem'>> {
    try {
      for (;;) {
        const { code, json, stderr } = await this.current.end;
        if (code !== null) {
          const result = json as ProcedureResult | undefined;
          if (code === 0) return { result };
          return { result, problem: complaint(json) ?? stderr.trim().split('\n').slice(-5).join('\n') };
        }
        this.on.signal.throwIfAborted();
        this.on.narrator.line('the restore command was that worker: the same command again joins the running restore');
        this.current = this.on.commands.start(...order);
      }
    } finally {
      this.over = true;
    }
  }
}

async function killTwice(on: Performance, attempts: Attempts, databaseBytes: number): Promise<Kill[]> {
  const { engine, narrator, stage } = on;
  const client = await connectClient({ address: engine.answer.address, namespace: 'default' }, 30_000, () => undefined);
  const workflowId = restoreWorkflowId(system, { site });
  const kills: Kill[] = [];
  const kill = (during: string): void => {
    const pid = engine.killWorker();
    if (pid === undefined) return;
    kills.push({ at: new Date().toISOString(), pid, during });
    narrator.line(`kill -9 of the worker (pid ${pid}) ${during}`);
    if (engine.startAgainIfKilled(pid))
      narrator.more(`holdfast up again (pid ${engine.pid}): the restore goes on where it was`);
  };
  try {
    let placedAtKill: number | undefined;
    for (; !attempts.over && !on.signal.aborted && kills.length < 2; await sleep(50)) {
      const inHand = await activitiesInHand(client, workflowId);
      const placed = occupied(stage.cluster.dataDir);
      if (kills.length === 0 && inHand?.has('placeRun') && placed >= databaseBytes * shareBeforeKill) {
        placedAtKill = placed;
        kill(`while packs are placed: ${formatBytes(placedAtKill)} of ${formatBytes(databaseBytes)}`);
      } else if (inHand?.has('replay')) {
        await sleep(replayForMs);
        const still = (await activitiesInHand(client, workflowId))?.has('replay');
        if (still || kills.length === 0) kill('while the database replays its WAL');
        if (kills.length > 0) break;
      }
    }
    return kills;
  } finally {
    await client.connection.close();
  }
}
