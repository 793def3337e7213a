/** One `START_REPLICATION`: from its first byte to the end of the timeline, of the connection, or of our wish to go on. */
import { setTimeout as sleep } from 'node:timers/promises';
import { HoldfastError } from '../../../domain/errors';
import type { Lsn } from '../../../domain/lsn';
import { heldByQuorum } from '../../../domain/quorum';
import { Arrivals } from './arrivals';
import type { CopyBoth, NextTimeline } from './copy-both';
import { CoverageMarks } from './coverage-marks';
import { CoverageProof, type Mark } from './coverage-proof';
import { parseMessage, statusUpdate } from './protocol';
import type { ReplicationConnection } from './replication';
import { type StoreProgress, StreamStores, type StreamStoresOptions } from './stream-stores';
import { TimelineShipment, type TimelineShipmentOptions } from './timeline-shipment';

export interface StreamOptions
  extends Omit<TimelineShipmentOptions, 'onBehind'>,
    Pick<StreamStoresOptions, 'archives' | 'path' | 'counters' | 'patience' | 'onStoreFailure'> {
  connection: ReplicationConnection;
  slot: string;
  coverageIntervalMs: number;
  /** How long the server may leave our questions unanswered before the connection counts as lost. */
  silenceMs: number;
  /** Commits may wait for us: what is not stored is not even called received, whatever a session waits for. */
  synchronous: boolean;
  /** The server has left this timeline: its clock says nothing of it any more. What is durable by now may lie on the next one. */
  left: boolean;
  /** The order to end: what has arrived is stored first. */
  stop: AbortSignal;
  /** The order to give up, also on what has arrived. */
  abandon: AbortSignal;
  onProgress: (state: StreamState) => void;
}

export interface StreamState {
  timeline: number;
  received: Lsn;
  /** What enough stores hold. */
  flushed: Lsn;
  serverEnd: Lsn;
  coverage?: Mark;
  stores: StoreProgress[];
}

/** How long a lost connection may be kept from coming back by WAL that still is on its way into a store. */
const settleMs = 5000;

export interface RunningStream {
  /** The next timeline when this one has ended; undefined when stopped. */
  ended: Promise<NextTimeline | undefined>;
  /** The longest a commit has waited for the stores since this was last asked, or waits now: milliseconds. */
  takeWait(): number;
  /** Another store, which answers only now. */
  admit: StreamStores['admit'];
  /** Ends it with an error that came from beside the stream. */
  fail(error: unknown): void;
}

export async function streamTimeline(options: StreamOptions): Promise<RunningStream> {
  const stream = new Stream(options);
  await stream.begin();
  return {
    ended: stream.run(),
    takeWait: () => stream.takeWait(),
    admit: (...one) => stream.stores.admit(...one),
    fail: (error) => stream.fail(error),
  };
}

class Stream {
  readonly stores: StreamStores;
  private readonly shipment: TimelineShipment;
  private readonly giveUp = new AbortController();
  private readonly signal: AbortSignal;
  private readonly proof = new CoverageProof();
  private readonly marks: CoverageMarks;
  private readonly arrivals = new Arrivals();
  private copy?: CopyBoth;
  private serverEnd: Lsn = 0n;
  private reported: Lsn = 0n;
  private asked: 'no' | 'first' | 'proof' = 'no';
  private paused = false;
  private heard = true;
  private silentMs = 0;
  private failure?: unknown;

  constructor(private readonly options: StreamOptions) {
    this.signal = AbortSignal.any([options.abandon, this.giveUp.signal]);
    this.shipment = new TimelineShipment({ ...options, onBehind: (line) => this.stores.fill(line) });
    this.marks = new CoverageMarks(this.proof, options.timeline, options.coverageIntervalMs, {
      onWritten: () => this.tell(),
      onFenced: (error) => this.fail(error),
    });
    this.stores = new StreamStores({
      ...options,
      shipment: this.shipment,
      signal: this.signal,
      onProgress: () => this.onStored(),
      onFatal: (error) => this.fail(error),
    });
  }

  /** Looks up what each store holds. */
  async begin(): Promise<void> {
    try {
      await this.stores.begin(this.options.quorum);
    } catch (error) {
      this.giveUp.abort();
      throw error;
    }
  }

  async run(): Promise<NextTimeline | undefined> {
    const { connection, slot, timeline, start, stop, abandon } = this.options;
    const ticking = setInterval(() => this.tick(), this.options.coverageIntervalMs);
    const onStop = () => void this.end();
    const onAbandon = () => this.copy?.abandon(new HoldfastError('aborted', 'the stream was given up'));
    try {
      this.copy = connection.stream(slot, timeline, start, (chunk) => this.onMessage(chunk));
      stop.addEventListener('abort', onStop);
      if (stop.aborted) onStop();
      abandon.addEventListener('abort', onAbandon);
      if (abandon.aborted) onAbandon();
      const next = await this.copy.ended;
      if (this.failure !== undefined) throw this.failure;
      await this.settle();
      if (this.failure !== undefined) throw this.failure;
      return next;
    } catch (error) {
      if (this.failure !== undefined) throw this.failure;
      await Promise.race([this.settle(), sleep(settleMs, undefined, { ref: false })]).catch(() => undefined);
      throw error;
    } finally {
      stop.removeEventListener('abort', onStop);
      abandon.removeEventListener('abort', onAbandon);
      clearInterval(ticking);
      this.shipment.close();
      this.giveUp.abort();
    }
  }

  takeWait(): number {
    return Math.max(this.arrivals.takeSlowest(), this.arrivals.waitedBehind(this.flushed));
  }

  /** Something was stored: the server may recycle it, commits that waited for it go on, the clock may be covered further. */
  private onStored(): void {
    const { flushed } = this;
    this.arrivals.stored(flushed);
    if (flushed > this.reported) this.report(false);
    this.shipment.sendWhereFree();
    if (this.paused && !this.shipment.crowded) {
      this.paused = false;
      this.heard = true; // what was said meanwhile is read only now
      this.copy?.resume();
    }
    this.mark();
    this.tell();
  }

  fail(error: unknown): void {
    if (this.signal.aborted) return; // given up: its own echo
    this.failure ??= error;
    this.copy?.stop();
  }

  /** What enough stores hold. */
  private get flushed(): Lsn {
    return heldByQuorum(this.shipment.storedBy, this.options.quorum);
  }

  private onMessage(chunk: Buffer): void {
    this.heard = true;
    if (this.failure !== undefined) return;
    try {
      const message = parseMessage(chunk);
      if (message?.kind === 'wal') this.onWal(message.start, message.serverEnd, message.bytes);
      if (message?.kind === 'keepalive') this.onKeepalive(message.end, message.serverTime, message.replyRequested);
    } catch (error) {
      this.fail(error);
    }
  }

  private onWal(start: Lsn, serverEnd: Lsn, bytes: Buffer): void {
    this.serverEnd = serverEnd;
    this.proof.wal(serverEnd);
    this.shipment.receive(start, bytes);
    this.arrivals.note(this.shipment.received);
    if (!this.paused && this.shipment.crowded) {
      this.paused = true;
      this.copy?.pause();
    }
  }

  private onKeepalive(end: Lsn, serverTime: bigint, replyRequested: boolean): void {
    if (end > this.serverEnd) this.serverEnd = end;
    if (replyRequested) {
      this.report(false);
      return;
    }
    if (!this.options.left) this.proof.answer(end, serverTime);
    const again = this.asked === 'first' && this.proof.wantsProof;
    this.asked = 'no';
    if (again) this.ask('proof');
    this.mark();
    this.tell();
  }

  private tick(): void {
    this.listen();
    if (this.asked === 'no') this.ask('first');
    else this.report(false); // one question at a time; but silence would look like death to the server
  }

  /**
   * A server that was asked and does not answer is gone, or the way to it is: a network that swallows everything raises no error. Counted in
   * ticks, so that a pause of our own process is not taken for the server's silence.
   */
  private listen(): void {
    const silent = !this.heard && !this.paused && this.asked !== 'no';
    this.silentMs = silent ? this.silentMs + this.options.coverageIntervalMs : 0;
    this.heard = false;
    if (this.silentMs < this.options.silenceMs) return;
    const seconds = Math.round(this.silentMs / 1000);
    this.copy?.abandon(new HoldfastError('postgres_unreachable', `the server has said nothing for ${seconds} s`));
  }

  private ask(kind: 'first' | 'proof'): void {
    this.asked = kind;
    this.report(true);
  }

  /** Never less than where the stream began: the server has recycled what lies before, and a slot that went back there would be lost. */
  private report(requestReply: boolean): void {
    const { flushed } = this;
    this.reported = flushed < this.options.start ? this.options.start : flushed;
    const written = this.options.synchronous ? this.reported : this.shipment.received;
    this.copy?.send(statusUpdate(written, this.reported, requestReply));
  }

  private mark(): void {
    const { keepingUp } = this.stores;
    let least = this.shipment.received;
    for (const { archive, line } of keepingUp) {
      const stored = this.shipment.storedIn(line);
      this.marks.mark(archive, stored);
      if (stored < least) least = stored;
    }
    // A store that is behind takes a later mark when it has caught up.
    this.proof.forget(least);
    this.arrivals.forget(this.shipment.storedBy.reduce((one, other) => (other < one ? other : one), least));
  }

  private tell(): void {
    this.options.onProgress({
      timeline: this.shipment.timeline,
      received: this.shipment.received,
      flushed: this.flushed,
      serverEnd: this.serverEnd,
      coverage: this.marks.covered(this.options.quorum),
      stores: this.stores.progress((position) => this.arrivals.waitedBehind(position)),
    });
  }

  /** An orderly end: everything that arrived is stored and reported before the connection is let go. */
  private async end(): Promise<void> {
    this.copy?.pause();
    await this.settle().catch(() => undefined);
    this.report(false);
    this.copy?.stop();
  }

  private async settle(): Promise<void> {
    this.shipment.flush();
    while (!this.shipment.settled && this.failure === undefined) await sleep(20, undefined, { signal: this.signal });
    while (this.marks.busy) await sleep(20, undefined, { signal: this.signal });
  }
}
