/**
 * The WAL receiver: a physical replication client that writes the server's WAL straight into object stores.
 *
 * Guaranteed: the flush position told to the server is what so many stores as the quorum wants hold without a hole (by default all), so
 * that the server keeps whatever we lose; a store that fails delays and never drops, and beyond the quorum it holds up nobody and is
 * filled from the others; memory is bounded; kill -9 at any moment leaves no gap, since everything
 * needed to go on is in the stores and the slot; the end of a timeline is followed onto the next, also when it came while nobody
 * listened; other bytes under a stored position end in `wal_conflict` and never overwrite.
 * Not guaranteed: WAL that the server gave up before we had it (`max_slot_wal_keep_size`, a dropped slot). That ends in
 * `slot_lost`, or in a gap that the archive's extents show.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type ErrorReport, HoldfastError, isFenced, reportError } from '../../../domain/errors';
import { formatLsn, type Lsn } from '../../../domain/lsn';
import type { TimelineStretch } from '../../../domain/timeline';
import type { WalArchive } from '../../../repository/wal/archive';
import type { NextTimeline } from './copy-both';
import { Replaced } from './end-replaced';
import { describeFailure, fatalFailure, isWalRemoved, sqlState } from './failures';
import { prepareSlot, readHistories, refuseStranger, slotLost } from './prepare-server';
import { ReceiverCommits } from './receiver-commits';
import type { ReceiverOptions, ReceiverProgress } from './receiver-options';
import { type Ready, ReceiverStores } from './receiver-stores';
import { ReplicationConnection, type ServerIdentity } from './replication';
import { align, besideStream, pathTo, quarantineRewound, startingPoint, storedEnd } from './starting-point';
import { type RunningStream, type StreamState, streamTimeline } from './stream';
import type { Wait } from './synchrony';

export type { ReceiverOptions, ReceiverProgress } from './receiver-options';

/**
 * Runs until `signal` is aborted; connects again by itself.
 * @throws HoldfastError `wrong_system`, `slot_busy`, `slot_lost`, `wal_conflict`, `fenced`, `postgres_rights`, `postgres_misconfigured`
 */
export async function runReceiver(options: ReceiverOptions): Promise<ReceiverProgress> {
  return await new Receiver(options).run();
}

const farewellMs = 2000;

interface PreparedArchive {
  archive: WalArchive;
  /** How far it holds the server's own history; absent: nothing of it. */
  end?: Lsn;
}

interface Streaming {
  server: ServerIdentity;
  path: TimelineStretch[];
  prepared: Ready<PreparedArchive>;
  abandon: AbortSignal;
  /** Where the timeline before ended. */
  from?: Lsn;
  slot: Lsn;
}

class Receiver {
  private readonly progress: ReceiverProgress = {
    ...{ state: 'connecting', partsStored: 0, segmentsStored: 0, bytesStored: 0, stores: [] },
  };
  private readonly quorum: number;
  private readonly stores: ReceiverStores;
  private readonly troubles = new Map<string, ErrorReport>();
  private readonly commits: ReceiverCommits;
  private stream?: RunningStream;
  private down = performance.now();
  private skipToSlot = false;
  private busySince?: number;
  private readonly replaced: Replaced;
  private attempt = 0;

  constructor(private readonly options: ReceiverOptions) {
    this.quorum = options.quorum ?? options.stores.length;
    this.stores = new ReceiverStores(options.stores, this.quorum, (store, error) => this.storeFailed(store, error));
    this.commits = new ReceiverCommits(options, {
      takeWait: () => this.takeWait(),
      onCommits: (commits) => this.tell({ commits }),
      onTrouble: () => this.tell({ trouble: this.trouble }),
      alert: (message) => (options.alert ?? options.log)?.(message),
    });
    this.replaced = new Replaced(options.connection, options.slot);
  }

  async run(): Promise<ReceiverProgress> {
    const { signal, stopMs = 10_000 } = this.options;
    const abandon = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const onStop = () => {
      timer = setTimeout(() => abandon.abort(), stopMs);
    };
    signal.addEventListener('abort', onStop);
    try {
      // Commits are let go while the stream still runs: what waits by then is stored all the same.
      signal.addEventListener('abort', () => void this.commits.end(), { once: true });
      while (!signal.aborted) await this.connectOnce(abandon.signal);
    } finally {
      await this.commits.end();
      abandon.abort();
      signal.removeEventListener('abort', onStop);
      clearTimeout(timer);
      await this.endWriting();
    }
    this.tell({ state: 'stopped' });
    return this.progress;
  }

  /** One connection, from its beginning to its loss; waits before it returns for another attempt. */
  private async connectOnce(abandon: AbortSignal): Promise<void> {
    let connection: ReplicationConnection | undefined;
    try {
      connection = await ReplicationConnection.open(this.options.connection, this.options.slot);
      await this.follow(connection, abandon);
    } catch (error) {
      if (this.options.signal.aborted) return;
      // One that the network cut off in silence still holds the slot, until the server misses us.
      if (connection && sqlState(error) !== '55006') this.replaced.own(connection.pid);
      this.judge(error);
      if (this.busySince !== undefined) await this.endReplaced();
      await sleep(Math.min(5000, 100 * 2 ** this.attempt++), undefined, { signal: this.options.signal }).catch(
        () => undefined,
      );
    } finally {
      await connection?.close();
    }
  }

  private async follow(connection: ReplicationConnection, abandon: AbortSignal): Promise<void> {
    const server = await connection.identify();
    refuseStranger(server, this.options.systemIdentifier ?? this.stores.systemIdentifier);
    this.progress.systemIdentifier = server.systemIdentifier;
    await this.commits.begin();
    const slot = await prepareSlot(connection, this.options.slot, this.options.renewLostSlot);
    if (slot.renewed) {
      this.log(`slot ${this.options.slot} was lost; it is made anew, and the stored WAL has a gap`);
      this.skipToSlot = true;
    }
    const { systemIdentifier, major, segmentSize } = server;
    const checked = new Set<WalArchive>();
    let next: NextTimeline | undefined;
    do {
      const path = await connection.timelinePath(next?.timeline ?? server.timeline);
      const histories = await readHistories(connection, path);
      const over = new AbortController();
      const signal = AbortSignal.any([abandon, this.options.signal, over.signal]);
      const prepare = async (archive: WalArchive): Promise<PreparedArchive> => {
        await archive.assertWriter();
        if (!checked.has(archive)) await this.setAside(archive, server, slot.before);
        checked.add(archive);
        for (const { timeline } of path) await archive.announce(timeline);
        for (const { timeline, text } of histories) await archive.putHistory(timeline, text);
        await this.commits.join(archive, server.timeline, abandon);
        return { archive, end: await storedEnd(archive, path) };
      };
      try {
        const prepared = await this.stores.ready({ systemIdentifier, major, segmentSize }, prepare, signal);
        next = await this.streamOne(connection, {
          server,
          path,
          prepared,
          abandon,
          from: next?.from,
          slot: slot.restart,
        });
      } finally {
        over.abort();
      }
    } while (next && !this.options.signal.aborted);
    if (!this.options.signal.aborted) {
      throw new HoldfastError('postgres_unreachable', 'the server ended the replication stream');
    }
  }

  /** One timeline; returns the next one when it has ended. */
  private async streamOne(
    connection: ReplicationConnection,
    { server, path, prepared, abandon, from, slot: slotRestart }: Streaming,
  ): Promise<NextTimeline | undefined> {
    const archives = prepared.ready.map(({ archive }) => archive);
    const ends = prepared.ready.map(({ end }) => end);
    const start = from ?? (this.skipToSlot ? slotRestart : undefined);
    const point =
      start === undefined
        ? startingPoint(archives, ends, this.quorum, path, slotRestart)
        : align(start, path, archives);
    const { slot, signal, mode = 'async', memoryBytes = 64 << 20 } = this.options;
    const { coverageIntervalMs = 1000, silenceMs = 15_000 } = this.options;
    const synchronous = mode !== 'async';
    this.log(`streaming timeline ${point.timeline} from ${formatLsn(point.from)}`);
    const stream = await streamTimeline({
      ...{ connection, slot, coverageIntervalMs, silenceMs, abandon, synchronous, quorum: this.quorum },
      archives: besideStream(archives, ends, point.from),
      path: pathTo(path, point.timeline),
      ...{ timeline: point.timeline, left: point.timeline < server.timeline },
      start: point.from,
      segmentSize: server.segmentSize,
      intervalMs: synchronous ? 0 : (this.options.intervalMs ?? 500),
      maxSegments: Math.max(2, Math.floor(memoryBytes / server.segmentSize)),
      patience: { retries: this.options.retries, retryDelayMs: this.options.retryDelayMs },
      counters: this.progress,
      stop: signal,
      onProgress: (state) => this.streamed(state),
      onStoreFailure: (store, error) => this.storeFailed(store, error),
    });
    for (const { store, prepared: one } of prepared.later) {
      one
        .then(({ archive, end }) => stream.admit(archive, end !== undefined && end < point.from ? end : undefined))
        .catch((error) => {
          if (isFenced(error)) stream.fail(error);
          else if (!signal.aborted) this.storeFailed(store, error);
        });
    }
    this.stream = stream;
    try {
      return await stream.ended;
    } finally {
      this.stream = undefined;
      this.down = performance.now();
    }
  }

  private async endReplaced(): Promise<void> {
    if (!(await this.replaced.end(this.stores.archives.some((archive) => archive.replacesWriter)))) return;
    this.log(`the receiver before this one still held slot ${this.options.slot}: its connection was ended`);
  }

  /** A courtesy to the next writer, which otherwise waits for the lease: no store that is down may hold up an end. */
  private async endWriting(): Promise<void> {
    const released = Promise.allSettled(this.stores.archives.map((archive) => archive.endWriting()));
    await Promise.race([released, sleep(farewellMs, undefined, { ref: false })]);
  }

  private takeWait(): Wait {
    if (!this.stream) return { ms: performance.now() - this.down, shipping: false };
    return { ms: this.stream.takeWait(), shipping: true };
  }

  private get trouble(): ErrorReport | undefined {
    return this.commits.trouble ?? this.troubles.values().next().value;
  }

  private streamed({ timeline, received, flushed, serverEnd, coverage, stores }: StreamState): void {
    this.attempt = 0;
    this.busySince = undefined;
    this.skipToSlot = false;
    if (serverEnd > 0n) this.replaced.forgetOwn(); // it speaks to us: the slot is ours
    for (const { store, stored } of stores) if (stored === received) this.troubles.delete(store);
    this.tell({
      ...{ state: 'streaming', timeline, coverage: coverage ?? this.progress.coverage },
      ...{ receivedLsn: received, flushedLsn: flushed, serverLsn: serverEnd },
      lagBytes: Math.max(0, Number(serverEnd - flushed)),
      stores: stores.map((one) => ({ ...one, trouble: this.troubles.get(one.store) })),
      trouble: this.trouble,
    });
  }

  private storeFailed(store: string, error: unknown): void {
    const trouble = reportError(error);
    this.log(`store ${store}: ${trouble.message}; trying again`);
    this.troubles.set(store, trouble);
    this.tell({ trouble });
  }

  private async setAside(archive: WalArchive, server: ServerIdentity, slotBefore?: Lsn): Promise<void> {
    for (const { reason, folder } of await quarantineRewound([archive], server, slotBefore)) {
      this.log(`the server was rewound (${reason}): what it contradicts is now under ${folder}`);
    }
  }

  /** Throws what ends the receiver; notes everything else. */
  private judge(error: unknown): void {
    const { slot, slotBusyMs = 15_000 } = this.options;
    if (sqlState(error) === '55006') {
      this.busySince ??= Date.now();
      if (Date.now() - this.busySince > slotBusyMs) {
        throw new HoldfastError('slot_busy', `another process uses the replication slot ${slot}`, {
          hints: ['only one receiver may run for a component: end the other one'],
          cause: error,
        });
      }
    } else if (isWalRemoved(error)) {
      if (this.skipToSlot) throw slotLost(this.options.slot, error);
      this.skipToSlot = true;
      this.log('the server no longer has the WAL after what is stored; going on from the slot, behind a gap');
    } else {
      const fatal = fatalFailure(error);
      if (fatal) throw fatal;
    }
    this.tell({ state: 'connecting', trouble: reportError(describeFailure(error)) });
    this.log(`${describeFailure(error).message}; connecting again`);
  }

  private tell(change: Partial<ReceiverProgress>): void {
    Object.assign(this.progress, change);
    this.options.onProgress?.({ ...this.progress });
  }

  private log(message: string): void {
    this.options.log?.(message);
  }
}
