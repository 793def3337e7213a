/** One `START_REPLICATION`: from its first byte to the end of the timeline, of the connection, or of our wish to go on. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type ErrorCode, isHoldfastError } from '../../../domain/errors';
import type { Micros } from '../../../domain/instant';
import type { Lsn } from '../../../domain/lsn';
import type { WalArchive } from '../../../repository/wal/archive';
import type { Coverage } from '../../../repository/wal/marks';
import type { CopyBoth, NextTimeline } from './copy-both';
import { CoverageProof, type Mark } from './coverage-proof';
import { Lanes } from './lanes';
import { parseMessage, statusUpdate } from './protocol';
import type { ReplicationConnection } from './replication';
import type { ShipmentCounters } from './segment-shipment';
import { TimelineShipment, type TimelineShipmentOptions } from './timeline-shipment';

export interface StreamOptions extends Omit<TimelineShipmentOptions, 'ports'> {
  connection: ReplicationConnection;
  slot: string;
  archives: WalArchive[];
  counters: ShipmentCounters;
  coverageIntervalMs: number;
  /** The order to end: what has arrived is stored first. */
  stop: AbortSignal;
  /** The order to give up, also on what has arrived. */
  abandon: AbortSignal;
  onProgress: (state: StreamState) => void;
  /** A store refused something; it is tried again. */
  onStoreFailure: (store: string, error: unknown) => void;
}

export interface StreamState {
  timeline: number;
  received: Lsn;
  flushed: Lsn;
  serverEnd: Lsn;
  coverage?: Mark;
}

/** How long a lost connection may be kept from coming back by WAL that still is on its way into a store. */
const settleMs = 5000;
const putsAtOnce = 4;

/** Returns the next timeline when this one has ended; undefined when stopped. */
export async function streamTimeline(options: StreamOptions): Promise<NextTimeline | undefined> {
  const giveUp = new AbortController();
  const signal = AbortSignal.any([options.abandon, giveUp.signal]);
  let stream: Stream | undefined;
  const ports = options.archives.map((archive) => ({
    archive,
    counters: options.counters,
    lanes: new Lanes(putsAtOnce, {
      signal,
      isFatal: (error) => !isHoldfastError(error) || fatalInStore.has(error.code),
      onFailure: (error) => options.onStoreFailure(archive.store.name, error),
    }),
    onProgress: () => stream?.onStored(),
    onFatal: (error: unknown) => stream?.fail(error),
  }));
  const shipment = await TimelineShipment.begin({ ...options, ports });
  stream = new Stream(options, shipment, signal);
  try {
    return await stream.run();
  } finally {
    giveUp.abort();
  }
}

/** What no retry can mend (nor a mistake of ours, which has no code). Everything else (a full store too) is tried until it works, while the WAL waits on the server. */
const fatalInStore = new Set<ErrorCode>(['wal_conflict', 'key_wrong', 'fenced', 'internal']);

class Stream {
  private readonly proof = new CoverageProof();
  private readonly marked: (Mark | undefined)[];
  private readonly beginnings = new Map<WalArchive, { since?: Micros }>();
  private readonly marking = new Set<number>();
  private copy?: CopyBoth;
  private serverEnd: Lsn = 0n;
  private reported: Lsn = 0n;
  private asked: 'no' | 'first' | 'proof' = 'no';
  private paused = false;
  private failure?: unknown;

  constructor(
    private readonly options: StreamOptions,
    private readonly shipment: TimelineShipment,
    private readonly signal: AbortSignal,
  ) {
    this.marked = options.archives.map(() => undefined);
  }

  async run(): Promise<NextTimeline | undefined> {
    const { connection, slot, timeline, start, stop } = this.options;
    const ticking = setInterval(() => this.tick(), this.options.coverageIntervalMs);
    const onStop = () => void this.end();
    try {
      this.copy = connection.stream(slot, timeline, start, (chunk) => this.onMessage(chunk));
      stop.addEventListener('abort', onStop);
      if (stop.aborted) onStop();
      const next = await this.copy.ended;
      if (this.failure !== undefined) throw this.failure;
      await this.settle();
      if (this.failure !== undefined) throw this.failure;
      return next;
    } catch (error) {
      if (this.failure !== undefined) throw this.failure;
      await Promise.race([this.settle(), sleep(settleMs)]).catch(() => undefined);
      throw error;
    } finally {
      stop.removeEventListener('abort', onStop);
      clearInterval(ticking);
      this.shipment.close();
    }
  }

  /** Something was stored: the server may recycle it, the stream may go on, the clock may be covered further. */
  onStored(): void {
    if (this.paused && !this.shipment.crowded) {
      this.paused = false;
      this.copy?.resume();
    }
    if (this.flushed > this.reported) this.report(false);
    this.mark();
    this.tell();
  }

  fail(error: unknown): void {
    if (this.signal.aborted) return; // given up: its own echo
    this.failure ??= error;
    this.copy?.stop();
  }

  /** What every store holds: the seam for a quorum is here. */
  private get flushed(): Lsn {
    return this.shipment.storedBy.reduce((least, one) => (one < least ? one : least));
  }

  private onMessage(chunk: Buffer): void {
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
    this.proof.answer(end, serverTime);
    const again = this.asked === 'first' && this.proof.wantsProof;
    this.asked = 'no';
    if (again) this.ask('proof');
    this.mark();
    this.tell();
  }

  private tick(): void {
    if (this.asked === 'no') this.ask('first');
    else this.report(false); // one question at a time; but silence would look like death to the server
  }

  private ask(kind: 'first' | 'proof'): void {
    this.asked = kind;
    this.report(true);
  }

  private report(requestReply: boolean): void {
    this.reported = this.flushed;
    this.copy?.send(statusUpdate(this.shipment.received, this.reported, requestReply));
  }

  /** Writes each store's coverage mark: one at a time, only forward, and never in the way of WAL. */
  private mark(): void {
    const stored = this.shipment.storedBy;
    const apart = BigInt(this.options.coverageIntervalMs) * 500n; // microseconds: half an interval
    this.options.archives.forEach((archive, index) => {
      const mark = this.proof.newest(stored[index] as Lsn);
      if (!mark || this.marking.has(index) || mark.serverTime < (this.marked[index]?.serverTime ?? 0n) + apart) return;
      this.marking.add(index);
      this.writeMark(archive, mark)
        .then(() => {
          this.marked[index] = mark;
          this.tell();
        })
        .catch((error: unknown) => {
          // The next mark says more than this one did; but on a quiet server only marks tell a writer that it was replaced.
          if (isHoldfastError(error) && error.code === 'fenced') this.fail(error);
        })
        .finally(() => this.marking.delete(index));
    });
    this.proof.forget(stored.reduce((least, one) => (one < least ? one : least)));
  }

  /** Every mark carries the time of the timeline's first one, so that a time can be told to lie before the timeline began. */
  private async writeMark(archive: WalArchive, mark: Mark): Promise<void> {
    const { timeline } = this.shipment;
    const beginning = this.beginnings.get(archive) ?? beginningOf(await archive.readCoverage(timeline), mark);
    await archive.writeCoverage(timeline, { ...mark, ...beginning });
    this.beginnings.set(archive, beginning);
  }

  private tell(): void {
    const coverage = this.marked.reduce((least, one) =>
      least && one && one.serverTime < least.serverTime ? one : least,
    );
    this.options.onProgress({
      timeline: this.shipment.timeline,
      received: this.shipment.received,
      flushed: this.flushed,
      serverEnd: this.serverEnd,
      coverage,
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
    while (this.marking.size > 0) await sleep(20, undefined, { signal: this.signal });
  }
}

/** A mark that does not tell when its timeline began leaves it untold. */
function beginningOf(there: Coverage | undefined, first: Mark): { since?: Micros } {
  if (!there) return { since: first.serverTime };
  return there.since === undefined ? {} : { since: there.since };
}
