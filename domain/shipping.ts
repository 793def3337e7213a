/** What a shipper tells of itself with every heartbeat, and `status` shows: plain text and numbers, no secret. */
import type { WalMode } from './config/types';
import type { SlotRoom } from './slot-room';

export interface ShipperDetails {
  state: string;
  mode?: WalMode;
  timeline?: number;
  /** What enough stores hold. */
  flushed?: string;
  server?: string;
  lagBytes?: number;
  coveredTo?: string;
  /** Whether commits wait for the stores; absent in mode `async`. */
  commits?: CommitsDetails;
  stores?: StoreDetails[];
  trouble?: string;
  /** What the ledger found and could not mend. */
  findings?: string[];
  /** What the server keeps for us, and how long it can. */
  slot?: SlotRoom;
}

export interface CommitsDetails {
  state: 'synchronous' | 'asynchronous';
  since: string;
  reason: string;
}

export interface StoreDetails {
  store: string;
  stored: string;
  lagBytes: number;
  /** How long the oldest WAL that it lacks has been here. */
  lagSeconds: number;
  /** It is being filled from another store. */
  behind: boolean;
  trouble?: string;
}
