/** The stores beside one stream: those that keep up get what arrives, those that fell behind are filled until they join again. */
import { type ErrorCode, isHoldfastError } from '../../../domain/errors';
import { type Lsn, segmentOf } from '../../../domain/lsn';
import type { TimelineStretch } from '../../../domain/timeline';
import type { WalArchive } from '../../../repository/wal/archive';
import { catchUp } from './catch-up';
import { Lanes, type RetryOptions, untilDone } from './lanes';
import type { ShipmentCounters, ShipmentPort } from './segment-shipment';
import type { StoreLine, TimelineShipment } from './timeline-shipment';

export interface StreamStoresOptions {
  shipment: TimelineShipment;
  /** Each with how far it holds the server's WAL, where it is behind the stream's start. */
  archives: { archive: WalArchive; behindAt?: Lsn }[];
  /** The server's way up to the streamed timeline. */
  path: TimelineStretch[];
  timeline: number;
  start: Lsn;
  counters: ShipmentCounters;
  /** How often a request is tried again before it is told, and after how long. */
  patience: Pick<RetryOptions, 'retries' | 'retryDelayMs'>;
  signal: AbortSignal;
  onProgress: () => void;
  onFatal: (error: unknown) => void;
  /** A store refused something; it is tried again. */
  onStoreFailure: (store: string, error: unknown) => void;
}

export interface StoreProgress {
  store: string;
  stored: Lsn;
  /** It does not get what arrives but is filled from the others. */
  behind: boolean;
  /** How long the oldest WAL that it lacks has waited: milliseconds. */
  waitedMs: number;
}

interface Place {
  archive: WalArchive;
  line: StoreLine;
}

const putsAtOnce = 4;
const completionsAtOnce = 2;

/** What no retry can mend (nor a mistake of ours, which has no code). Everything else (a full store too) is tried until it works, while the WAL waits on the server. */
const fatalInStore = new Set<ErrorCode>(['wal_conflict', 'key_wrong', 'fenced', 'internal']);

export class StreamStores {
  private readonly places: Place[] = [];

  constructor(private readonly options: StreamStoresOptions) {}

  /** Until so many stores are ready that the others need not be waited for: they join when they answer. */
  async begin(quorum: number): Promise<void> {
    const { archives } = this.options;
    await new Promise<void>((resolve, reject) => {
      let missing = Math.min(quorum, archives.length);
      for (const { archive, behindAt } of archives) {
        this.admit(archive, behindAt).then(() => --missing === 0 && resolve(), reject);
      }
    });
  }

  get keepingUp(): Place[] {
    return this.places.filter(({ line }) => line.port !== undefined);
  }

  /** @param behindAt how far it holds the server's WAL; absent: everything before the stream's start, as far as it is wanted there */
  async admit(archive: WalArchive, behindAt?: Lsn): Promise<void> {
    const { shipment, start } = this.options;
    const place = { archive, line: shipment.add(behindAt ?? start) };
    this.places.push(place);
    if (behindAt !== undefined) return this.fill(place.line);
    const from = segmentOf(start, archive.segmentSize);
    if (!(await this.join(place, from, this.portOf(archive)))) this.fill(place.line);
  }

  /** Fills a store that fell behind, beside the stream, until it joins again. */
  fill(line: StoreLine): void {
    const place = this.places.find((one) => one.line === line);
    if (place) this.catchUp(place).catch(this.options.onFatal);
  }

  progress(waitedBehind: (position: Lsn) => number): StoreProgress[] {
    return this.places.map(({ archive, line }) => {
      const stored = this.options.shipment.storedIn(line);
      return { store: archive.store.name, stored, behind: line.port === undefined, waitedMs: waitedBehind(stored) };
    });
  }

  private async catchUp(place: Place): Promise<void> {
    const { shipment, path, signal, onProgress } = this.options;
    const { archive, line } = place;
    for (;;) {
      const port = this.portOf(archive);
      const from = await catchUp({
        ...{ target: archive, path, from: line.filledTo },
        sources: () => [...this.keepingUp, ...this.places].flatMap((one) => (one === place ? [] : one.archive)),
        until: () => shipment.firstSegment,
        onFilled: (to) => {
          if (to > line.filledTo) line.filledTo = to;
          onProgress();
        },
        persist: (work) => untilDone(work, this.retrying(archive, signal)),
      });
      if (await this.join(place, from, port)) return onProgress();
    }
  }

  private async join({ archive, line }: Place, from: bigint, port: ShipmentPort): Promise<boolean> {
    const { shipment } = this.options;
    const pieces = await port.lanes.run(() => archive.pieces(shipment.timeline, shipment.firstSegment));
    return shipment.join(line, from, port, pieces);
  }

  private portOf(archive: WalArchive): ShipmentPort {
    const given = new AbortController();
    const { counters, signal, onProgress, onFatal } = this.options;
    const retrying = this.retrying(archive, AbortSignal.any([signal, given.signal]));
    return {
      ...{ archive, counters, onProgress },
      lanes: new Lanes(putsAtOnce, retrying),
      completions: new Lanes(completionsAtOnce, retrying),
      abandon: () => given.abort(),
      onFatal: (error) => given.signal.aborted || onFatal(error),
    };
  }

  private retrying({ store }: WalArchive, signal: AbortSignal): RetryOptions {
    return {
      ...this.options.patience,
      signal,
      isFatal: (error) => !isHoldfastError(error) || fatalInStore.has(error.code),
      onFailure: (error) => this.options.onStoreFailure(store.name, error),
    };
  }
}
