/** A protected system with a supervised, killable `up`, and procedures run on it with a kill at a moment. */
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { resultOf } from '../../client/procedures/result';
import { type Order, startProcedure } from '../../client/procedures/start';
import type { ProcedureResult } from '../../domain/progress';
import { type SystemOptions, TestSystem } from '../support/system';
import { arm, hasFired, letGo, type Moment, nameOf } from './moments';
import { type Note, notesSince } from './notes';
import { Supervised } from './supervised';

export interface KilledRun {
  result: ProcedureResult;
  notes: Note[];
  /** Calls of activities that began. */
  calls: number;
}

export class Rig {
  private runs = 0;
  /** Procedures that were begun. */
  readonly count = { all: 0, backups: 0 };

  private constructor(
    readonly system: TestSystem,
    readonly up: Supervised,
    private readonly client: Client,
    private readonly folder: string,
  ) {}

  static async create(options: SystemOptions, prepare: (system: TestSystem) => Promise<void>): Promise<Rig> {
    const system = await TestSystem.create(options);
    try {
      await prepare(system);
      return await Rig.over(system);
    } catch (error) {
      await system.destroy();
      throw error;
    }
  }

  /** Of a system that is there; `destroy` ends it too. */
  static async over(system: TestSystem): Promise<Rig> {
    const folder = path.join(system.dir, 'moments');
    mkdirSync(folder);
    const up = await Supervised.start(system, folder);
    const { port } = JSON.parse(readFileSync(path.join(system.stateDir, 'server.json'), 'utf8')) as { port: number };
    const connection = await Connection.connect({ address: `127.0.0.1:${port}` });
    return new Rig(system, up, new Client({ connection }), folder);
  }

  /** Runs to the end, which must come by itself. @throws when the moment never came, or nothing ends within the time */
  async run(order: Order, moment?: Moment, withinMs = 240_000): Promise<KilledRun> {
    return this.judge(order, await this.begin(moment), moment, withinMs);
  }

  /** As {@link run}; while the call at the moment is held, and before it is let go, `during` happens. */
  async runHeld(order: Order, moment: Moment, during: () => Promise<void>, withinMs = 240_000): Promise<KilledRun> {
    const begun = await this.begin({ ...moment, hold: true });
    const judged = this.judge(order, begun, moment, withinMs);
    const interfere = async () => {
      await this.system.until(async () => hasFired(this.folder, begun.id) || undefined, 60_000);
      await during();
      letGo(this.folder, begun.id);
    };
    return (await Promise.all([judged, interfere()]))[0];
  }

  /** A command that waits, and takes the work over: the killed process is not started again meanwhile. */
  async command(args: string[], moment: Moment): Promise<ProcedureResult> {
    const { id } = await this.begin(moment);
    const result = await this.up.unattended(() => this.system.procedure(...args));
    if (!hasFired(this.folder, id)) throw new Error(`${nameOf(moment)} never came`);
    return result;
  }

  private async begin(moment?: Moment): Promise<{ id: string; position: number }> {
    await this.up.working();
    const id = `${++this.runs}`;
    const position = notesSince(this.folder).length;
    // Without a moment one is armed that never comes: calls are counted from here.
    arm(this.folder, { ...(moment ?? { when: 'before', activity: 'none', nth: 1 }), id });
    return { id, position };
  }

  private async judge(
    order: Order,
    { id, position }: { id: string; position: number },
    moment: Moment | undefined,
    withinMs: number,
  ): Promise<KilledRun> {
    this.count.all++;
    if (order.type === 'backup') this.count.backups++;
    const { handle } = await startProcedure(this.client, order);
    const result = await inTime(resultOf(handle), withinMs, () => `${order.type} does not end: ${this.up.lastWords()}`);
    if (moment && !hasFired(this.folder, id)) throw new Error(`${nameOf(moment)} never came in ${order.workflowId}`);
    const notes = notesSince(this.folder, position);
    return { result, notes, calls: notes.filter(({ kind }) => kind === 'begin').length };
  }

  async destroy(): Promise<void> {
    await this.up.stop();
    await this.client.connection.close();
    await this.system.destroy();
  }
}

async function inTime<T>(work: Promise<T>, ms: number, complaint: () => string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(complaint())), ms);
  });
  return Promise.race([work, limit]).finally(() => clearTimeout(timer));
}
