/**
 * Sees to it that commits wait for the stores when the mode says so, and do not when it does not.
 *
 * Guaranteed: whatever died between any two steps, the server's own setting is the state, and the next receiver goes on from it; what
 * cannot work is refused before anything is changed; `sync` lets commits go only when shipping ends in order or the mode is changed;
 * `hybrid` lets them go as soon as one waits longer than the threshold, or nothing is shipped; every switch is told, also one that
 * somebody else made.
 * Not guaranteed: that commits are let go while the server cannot be reached, or by a process that was killed: in `sync` that is the
 * promise, in `hybrid` the next receiver or the control worker does it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { WalMode } from '../../../domain/config/types';
import { type ErrorReport, HoldfastError, reportError } from '../../../domain/errors';
import { fromDate, type Micros, parseInstant } from '../../../domain/instant';
import type { CommitSwitch } from '../../../repository/wal/switches';
import { connect, disconnect } from '../connection';
import { refuseMode } from './check-mode';
import { letCommitsGo, makeCommitsWait, readCommitWait } from './commit-wait';
import { HybridJudge } from './hybrid-judge';

export interface SynchronyOptions {
  mode: WalMode;
  connection: pg.ClientConfig;
  /** Under which the server lists the receiver. */
  receiver: string;
  thresholdMs: number;
  calmMs: number;
  takeWait: () => Wait;
  onSwitch: (one: CommitSwitch) => void;
  onTrouble: (trouble: ErrorReport | undefined) => void;
}

export interface Wait {
  /** The longest a commit has waited, or would have, since this was last asked: milliseconds. */
  ms: number;
  /** false: nothing is received at present. */
  shipping: boolean;
}

/** How often the server is asked what holds, while nothing is to be changed and while something is. */
const lookMs = 1000;
const soonMs = 200;
/** How long the server may take to answer: commits may be waiting for what follows. */
const answerMs = 5000;

export class Synchrony {
  private readonly judge: HybridJudge;
  private readonly ending = new AbortController();
  private client?: pg.Client;
  private told?: CommitSwitch['commits'];
  /** As far as we know commits wait for us, or will in a moment. */
  private named = false;
  private looked = Number.NEGATIVE_INFINITY;
  private running?: Promise<void>;
  private asking = Promise.resolve();

  constructor(private readonly options: SynchronyOptions) {
    this.judge = new HybridJudge(options);
  }

  /**
   * At every new connection, before anything is changed there. The first time it begins to watch.
   * @throws HoldfastError `postgres_misconfigured`, `postgres_rights`, `postgres_unreachable`
   */
  async begin(): Promise<void> {
    const { mode, receiver } = this.options;
    // Shipping behind the commit needs no more than the replication connection.
    if (mode !== 'async') await this.asked((client) => refuseMode(client, mode, receiver));
    this.running ??= this.watch();
  }

  /** @param letGo that commits are to wait for nobody any more, and why. @throws HoldfastError when that could not be done */
  async end(letGo?: string): Promise<void> {
    this.ending.abort();
    await this.running;
    try {
      if (letGo !== undefined) await this.asked((client) => this.release(client, letGo));
    } finally {
      await this.disconnect();
    }
  }

  private async disconnect(): Promise<void> {
    if (this.client) await disconnect(this.client);
    this.client = undefined;
  }

  private async watch(): Promise<void> {
    const { mode, thresholdMs, onTrouble } = this.options;
    const { signal } = this.ending;
    const pauseMs = { async: 5000, sync: soonMs, hybrid: Math.min(50, Math.max(5, thresholdMs / 4)) }[mode];
    while (!signal.aborted) {
      try {
        await this.round();
        onTrouble(undefined);
        if (mode === 'async') return await this.disconnect();
      } catch (error) {
        if (mode !== 'async') onTrouble(reportError(error));
        await sleep(soonMs, undefined, { signal }).catch(() => undefined);
      }
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }

  private async round(): Promise<void> {
    const { mode, takeWait, thresholdMs } = this.options;
    if (mode === 'async') return await this.asked((client) => this.release(client, 'the mode is async'));
    const wait = takeWait();
    const wanted = mode === 'sync' || this.judge.judge(performance.now(), wait.ms, this.named);
    const done = this.told === (wanted ? 'synchronous' : 'asynchronous');
    const released = this.named && !wanted;
    if (!released && performance.now() - this.looked < (done ? lookMs : soonMs)) return;
    await this.asked(async (client) => {
      if (wanted) await this.engage(client);
      else await this.release(client, whyReleased(wait, thresholdMs, this.named));
    });
  }

  /** As soon as the receiver is hardly behind. */
  private async engage(client: pg.Client): Promise<void> {
    const { receiver } = this.options;
    const now = await readCommitWait(client, receiver);
    this.looked = performance.now();
    this.named = now.named;
    if (now.waiting) return await this.tell('synchronous', 'the stores keep up');
    if (now.named) return; // nobody commits until the receiver is there and the server has taken notice
    const others = this.told === 'synchronous';
    await this.tell('asynchronous', others ? 'somebody else changed synchronous_standby_names' : notYet);
    if (!now.near) return;
    this.named = true;
    await makeCommitsWait(client, receiver);
  }

  private async release(client: pg.Client, reason: string): Promise<void> {
    const changed = await letCommitsGo(client, this.options.receiver);
    this.looked = performance.now();
    this.named = false;
    if (changed || this.told === 'synchronous') await this.tell('asynchronous', reason);
    else if (this.options.mode !== 'async') await this.tell('asynchronous', notYet);
  }

  private async tell(commits: CommitSwitch['commits'], reason: string): Promise<void> {
    if (commits === this.told) return;
    const at = await this.serverTime();
    this.told = commits;
    this.options.onSwitch({ at, commits, mode: this.options.mode, reason });
  }

  private async serverTime(): Promise<Micros> {
    const sql = `select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as now`;
    const answer = await this.client?.query<{ now: string }>(sql).catch(() => undefined);
    const now = answer?.rows[0]?.now;
    return now === undefined ? fromDate(new Date()) : parseInstant(now);
  }

  /** One after the other, by one connection that stays open: when commits have to be let go there may be no other. */
  private asked(what: (client: pg.Client) => Promise<void>): Promise<void> {
    const asking = this.asking.catch(() => undefined).then(() => this.ask(what));
    this.asking = asking;
    return asking;
  }

  private async ask(what: (client: pg.Client) => Promise<void>): Promise<void> {
    const { connection } = this.options;
    try {
      this.client ??= await connect(connection, {
        ...{ application_name: 'holdfast commits', keepAlive: true },
        ...{ connectionTimeoutMillis: answerMs, query_timeout: answerMs },
      });
      await what(this.client);
    } catch (error) {
      const known = reportError(error);
      // What was refused says nothing against the connection; everything else may.
      if (known.code !== 'postgres_misconfigured' && known.code !== 'postgres_rights') {
        const lost = this.client;
        this.client = undefined;
        if (lost) void disconnect(lost);
      }
      if (known.code !== 'internal') throw error;
      throw new HoldfastError('postgres_unreachable', `the server does not answer: ${known.message}`, { cause: error });
    }
  }
}

const notYet = 'the stores have not kept up for long enough yet';

function whyReleased({ ms, shipping }: Wait, thresholdMs: number, waited: boolean): string {
  if (!shipping) return 'the receiver is not connected';
  return `a commit ${waited ? 'waited' : 'would have waited'} ${Math.round(ms)} ms for the stores, longer than ${thresholdMs} ms`;
}
