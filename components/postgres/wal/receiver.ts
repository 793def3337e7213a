/**
 * The WAL receiver: a physical replication client that writes the server's WAL straight into object stores.
 *
 * Guaranteed: the flush position told to the server is what *every* store holds without a hole, so that the server keeps whatever
 * we lose; a store that fails delays and never drops; memory is bounded; kill -9 at any moment leaves no gap, since everything
 * needed to go on is in the stores and the slot; the end of a timeline is followed onto the next, also when it came while nobody
 * listened; other bytes under a stored position end in `wal_conflict` and never overwrite.
 * Not guaranteed: WAL that the server gave up before we had it (`max_slot_wal_keep_size`, a dropped slot). That ends in
 * `slot_lost`, or in a gap that the archive's extents show.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { type ErrorReport, HoldfastError, reportError } from '../../../domain/errors';
import { formatLsn, type Lsn } from '../../../domain/lsn';
import type { TimelineStretch } from '../../../domain/timeline';
import type { WalArchive } from '../../../repository/wal/archive';
import type { ArchiveMarker } from '../../../repository/wal/marks';
import type { Mark } from './coverage-proof';
import { Replaced } from './end-replaced';
import { describeFailure, fatalFailure, isWalRemoved, sqlState } from './failures';
import { ReplicationConnection, type ServerIdentity } from './replication';
import { align, quarantineRewound, type StartingPoint, startingPoint } from './starting-point';
import { streamTimeline } from './stream';

export interface ReceiverOptions {
  connection: pg.ClientConfig;
  /** See `slotName`; created when it does not exist. */
  slot: string;
  /** Opens the archives (one a store) of the server that was found: `WalArchive.begin` for each store. */
  archives: (marker: Omit<ArchiveMarker, 'format'>) => Promise<WalArchive[]>;
  /** When given: any other system identifier is refused with `wrong_system`. */
  systemIdentifier?: string;
  /** How long WAL may gather before it is sent to the stores. */
  intervalMs?: number;
  /** How often the server is asked for its clock, and a coverage mark is written. */
  coverageIntervalMs?: number;
  /** WAL in memory before the stream is paused. */
  memoryBytes?: number;
  /** After a lost slot: begin again behind the gap instead of ending with `slot_lost`. */
  renewLostSlot?: boolean;
  /** How long another receiver may hold the slot before `slot_busy`. */
  slotBusyMs?: number;
  /** How long an orderly stop waits for the stores. */
  stopMs?: number;
  /** Ends the receiver in order: what has arrived is stored, the server is told, the connection is closed. */
  signal: AbortSignal;
  onProgress?: (progress: ReceiverProgress) => void;
  log?: (message: string) => void;
}

export interface ReceiverProgress {
  state: 'connecting' | 'streaming' | 'stopped';
  systemIdentifier?: string;
  timeline?: number;
  receivedLsn?: Lsn;
  /** What every store holds without a hole, and the server was told. */
  flushedLsn?: Lsn;
  serverLsn?: Lsn;
  lagBytes?: number;
  coverage?: Mark;
  partsStored: number;
  segmentsStored: number;
  bytesStored: number;
  /** The last thing that went wrong and is being tried again. */
  trouble?: ErrorReport;
}

/**
 * Runs until `signal` is aborted; connects again by itself.
 * @throws HoldfastError `wrong_system`, `slot_busy`, `slot_lost`, `wal_conflict`, `fenced`, `postgres_rights`, `postgres_misconfigured`
 */
export async function runReceiver(options: ReceiverOptions): Promise<ReceiverProgress> {
  return await new Receiver(options).run();
}

const maxSegmentSize = 64 * 1024 * 1024;
const farewellMs = 2000;

class Receiver {
  private readonly progress: ReceiverProgress = {
    state: 'connecting',
    partsStored: 0,
    segmentsStored: 0,
    bytesStored: 0,
  };
  private archives?: WalArchive[];
  private skipToSlot = false;
  private busySince?: number;
  private readonly replaced: Replaced;
  private attempt = 0;

  constructor(private readonly options: ReceiverOptions) {
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
      while (!signal.aborted) await this.connectOnce(abandon.signal);
    } finally {
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
      connection = await ReplicationConnection.open(this.options.connection);
      await this.follow(connection, abandon);
    } catch (error) {
      if (this.options.signal.aborted) return;
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
    const archives = await this.openArchives(server);
    const slotRestart = await this.prepareSlot(connection, archives, server);
    const path = await this.storeHistories(connection, archives, server.timeline);
    let point: StartingPoint | undefined = this.skipToSlot
      ? align(slotRestart, path, archives)
      : await startingPoint(archives, path, slotRestart);
    const { slot, signal, intervalMs = 500, coverageIntervalMs = 1000, memoryBytes = 64 << 20 } = this.options;
    while (point && !signal.aborted) {
      this.log(`streaming timeline ${point.timeline} from ${formatLsn(point.from)}`);
      const next = await streamTimeline({
        ...{ connection, slot, archives, intervalMs, coverageIntervalMs, abandon },
        timeline: point.timeline,
        start: point.from,
        segmentSize: server.segmentSize,
        maxSegments: Math.max(2, Math.floor(memoryBytes / server.segmentSize)),
        counters: this.progress,
        stop: signal,
        onProgress: ({ timeline, received, flushed, serverEnd, coverage }) => {
          this.attempt = 0;
          this.busySince = undefined;
          this.skipToSlot = false;
          this.tell({
            ...{ state: 'streaming', timeline, coverage: coverage ?? this.progress.coverage },
            ...{ receivedLsn: received, flushedLsn: flushed, serverLsn: serverEnd },
            lagBytes: Math.max(0, Number(serverEnd - flushed)),
            ...(flushed === received ? { trouble: undefined } : {}),
          });
        },
        onStoreFailure: (store, error) => {
          this.log(`store ${store}: ${reportError(error).message}; trying again`);
          this.tell({ trouble: reportError(error) });
        },
      });
      if (next) {
        const reached: TimelineStretch[] = await this.storeHistories(connection, archives, next.timeline);
        point = align(next.from, reached, archives);
      } else {
        point = undefined;
      }
    }
    if (!signal.aborted) throw new HoldfastError('postgres_unreachable', 'the server ended the replication stream');
  }

  private async openArchives(server: ServerIdentity): Promise<WalArchive[]> {
    const { systemIdentifier, major, segmentSize } = server;
    const expected = this.options.systemIdentifier ?? this.archives?.[0]?.systemIdentifier;
    if (expected !== undefined && expected !== systemIdentifier) {
      throw new HoldfastError('wrong_system', `the server is system ${systemIdentifier}, not ${expected}`, {
        hints: ['the connection leads to another database cluster, or this one was initialised anew'],
      });
    }
    if (segmentSize > maxSegmentSize) {
      throw new HoldfastError('postgres_misconfigured', 'WAL segments above 64 MiB are not supported', {
        hints: ['initialise the cluster with --wal-segsize=64 or less'],
      });
    }
    for (const archive of this.archives ?? []) await archive.assertWriter();
    this.archives ??= await this.options.archives({ systemIdentifier, major, segmentSize });
    this.progress.systemIdentifier = systemIdentifier;
    return this.archives;
  }

  private async endReplaced(): Promise<void> {
    if (!this.archives?.some((archive) => archive.replacesWriter) || !(await this.replaced.end())) return;
    this.log(`the receiver before this one still held slot ${this.options.slot}: its connection was ended`);
  }

  /** A courtesy to the next writer, which otherwise waits for the lease: no store that is down may hold up an end. */
  private async endWriting(): Promise<void> {
    const released = Promise.allSettled((this.archives ?? []).map((archive) => archive.endWriting()));
    await Promise.race([released, sleep(farewellMs, undefined, { ref: false })]);
  }

  /** Sees to the slot first of all: from here on the server keeps what we lack. Returns where it keeps WAL from. */
  private async prepareSlot(
    connection: ReplicationConnection,
    archives: WalArchive[],
    server: ServerIdentity,
  ): Promise<Lsn> {
    const { slot, renewLostSlot } = this.options;
    let found = await connection.readSlot(slot);
    const before = found?.restart;
    if (found && before === undefined) {
      if (!renewLostSlot) throw this.slotLost();
      this.log(`slot ${slot} was lost; it is made anew, and the stored WAL has a gap`);
      await connection.dropSlot(slot);
      this.skipToSlot = true;
      found = undefined;
    }
    if (!found) {
      await connection.createSlot(slot);
      found = await connection.readSlot(slot);
    }
    if (found?.restart === undefined) throw this.slotLost();
    for (const { reason, folder } of await quarantineRewound(archives, server, before)) {
      this.log(`the server was rewound (${reason}): what it contradicts is now under ${folder}`);
    }
    return found.restart;
  }

  /** The history of a timeline and of its ancestors, as far as the server has them, in every store. */
  private async storeHistories(
    connection: ReplicationConnection,
    archives: WalArchive[],
    timeline: number,
  ): Promise<TimelineStretch[]> {
    const path = await connection.timelinePath(timeline);
    for (const stretch of path) {
      const ancestor = stretch.timeline !== timeline;
      const text = await connection.timelineHistory(stretch.timeline).catch((error: unknown) => {
        if (ancestor && sqlState(error) === '58P01') return undefined; // removed with its WAL: nobody needs it for this path
        throw error;
      });
      await Promise.all(archives.map((archive) => archive.announce(stretch.timeline)));
      if (text) await Promise.all(archives.map((archive) => archive.putHistory(stretch.timeline, text)));
    }
    return path;
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
      if (this.skipToSlot) throw this.slotLost(error);
      this.skipToSlot = true;
      this.log('the server no longer has the WAL after what is stored; going on from the slot, behind a gap');
    } else {
      const fatal = fatalFailure(error);
      if (fatal) throw fatal;
    }
    this.tell({ state: 'connecting', trouble: reportError(describeFailure(error)) });
    this.log(`${describeFailure(error).message}; connecting again`);
  }

  private slotLost(cause?: unknown): HoldfastError {
    return new HoldfastError(
      'slot_lost',
      `the server has given up the WAL that slot ${this.options.slot} was to keep`,
      {
        hints: ['take a new base backup: what is stored ends here; see max_slot_wal_keep_size'],
        cause,
      },
    );
  }

  private tell(change: Partial<ReceiverProgress>): void {
    Object.assign(this.progress, change);
    this.options.onProgress?.({ ...this.progress });
  }

  private log(message: string): void {
    this.options.log?.(message);
  }
}
