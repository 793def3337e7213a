/** What a receiver is given, and what it tells of itself. */
import type pg from 'pg';
import type { WalMode } from '../../../domain/config/types';
import type { ErrorReport } from '../../../domain/errors';
import type { Lsn } from '../../../domain/lsn';
import type { CommitSwitch } from '../../../repository/wal/switches';
import type { Mark } from './coverage-proof';
import type { WalStore } from './receiver-stores';
import type { StoreProgress } from './stream-stores';

export interface ReceiverOptions {
  connection: pg.ClientConfig;
  /** See `slotName`; created when it does not exist. */
  slot: string;
  stores: WalStore[];
  /** How many of them must hold WAL before the server is told that it is safe; absent: all. */
  quorum?: number;
  /** `async` ships behind the commit, `sync` and `hybrid` make commits wait. */
  mode?: WalMode;
  /** In mode `hybrid`: how long a commit may wait, and how long all must have been well before commits wait. */
  thresholdMs?: number;
  calmMs?: number;
  /** Asked when the receiver is ended in order: whether shipping is over, so that commits must not wait for it any more. Absent: it is. */
  isOver?: () => boolean;
  /** When given: any other system identifier is refused with `wrong_system`. */
  systemIdentifier?: string;
  /** In mode `async`: how long WAL may gather before it is sent to the stores. */
  intervalMs?: number;
  /** How often a request to a store is tried again before the store counts as failing. */
  retries?: number;
  retryDelayMs?: number;
  /** How often the server is asked for its clock, and a coverage mark is written. */
  coverageIntervalMs?: number;
  /** How long the server may be silent before the connection counts as lost and another one is opened. */
  silenceMs?: number;
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
  /** What somebody should be told at once: when commits begin or cease to wait, and what keeps them from it. */
  alert?: (message: string) => void;
}

export interface ReceiverProgress {
  state: 'connecting' | 'streaming' | 'stopped';
  systemIdentifier?: string;
  timeline?: number;
  receivedLsn?: Lsn;
  /** What enough stores hold without a hole, and the server was told. */
  flushedLsn?: Lsn;
  serverLsn?: Lsn;
  lagBytes?: number;
  coverage?: Mark;
  partsStored: number;
  segmentsStored: number;
  bytesStored: number;
  stores: StoreState[];
  /** Whether commits wait for the stores, since when and why; absent in mode `async`, and until the server was asked. */
  commits?: CommitSwitch;
  /** The last thing that went wrong and is being tried again. */
  trouble?: ErrorReport;
}

export interface StoreState extends StoreProgress {
  /** What the store refused last and is being tried again. */
  trouble?: ErrorReport;
}
