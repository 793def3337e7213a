/**
 * The archives a receiver writes to, opened and prepared as their stores answer. So many as the quorum wants are waited for; one that
 * does not answer holds up nobody, is asked again and again, and comes later.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type ErrorCode, isFenced, isHoldfastError } from '../../../domain/errors';
import type { WalArchive } from '../../../repository/wal/archive';
import type { ArchiveMarker } from '../../../repository/wal/marks';
import { untilDone } from './lanes';

export interface WalStore {
  name: string;
  /** Opens the archive of the server that was found (`WalArchive.begin`). */
  begin: (marker: Omit<ArchiveMarker, 'format'>) => Promise<WalArchive>;
}

/** What trying again cannot mend (nor a mistake of ours, which has no code). A full store, or one that denies access, somebody mends. */
const fatal = new Set<ErrorCode>([
  ...(['wal_conflict', 'wrong_version', 'wrong_system', 'config_invalid', 'fenced'] as const),
  ...(['key_wrong', 'key_invalid', 'repository_format', 'timeline_unreachable', 'internal'] as const),
]);

/** How long the others may take when enough are ready. */
const courtesyMs = 3000;

export interface Ready<T> {
  ready: T[];
  /** Each settles when its store answers. */
  later: { store: string; prepared: Promise<T> }[];
}

export class ReceiverStores {
  private readonly begun = new Map<string, WalArchive>();
  private readonly beginning = new Map<string, Promise<WalArchive>>();

  constructor(
    private readonly stores: WalStore[],
    private readonly quorum: number,
    private readonly onFailure: (store: string, error: unknown) => void,
  ) {}

  get systemIdentifier(): string | undefined {
    return this.archives[0]?.systemIdentifier;
  }

  get archives(): WalArchive[] {
    return [...this.begun.values()];
  }

  /** @throws what a store says that no retry can mend */
  async ready<T>(
    marker: Omit<ArchiveMarker, 'format'>,
    prepare: (archive: WalArchive) => Promise<T>,
    signal: AbortSignal,
  ): Promise<Ready<T>> {
    // One after the other at first, so that of two receivers that begin at once one is everywhere the first.
    for (const store of this.stores) {
      const begun = this.begin(store, marker).catch(() => undefined); // told when it fails again
      await Promise.race([begun, sleep(courtesyMs, undefined, { ref: false })]);
    }
    const pending = new Map(
      this.stores.map((store) => [store, this.prepared(store, marker, prepare, signal)] as const),
    );
    const ready: T[] = [];
    const enough = new Promise<void>((resolve, reject) => {
      let hopeful = this.stores.length;
      for (const [store, prepared] of pending) {
        const one = prepared.then((answer) => {
          ready.push(answer);
          if (ready.length === this.quorum) resolve();
        });
        one.catch((error) => {
          if (!signal.aborted) this.onFailure(store.name, error);
          // One store is enough to say that another receiver writes: in the others it will come to the same.
          if (--hopeful < this.quorum || isFenced(error)) reject(error);
        });
        void one.then(
          () => pending.delete(store),
          () => pending.delete(store),
        );
      }
    });
    const all = Promise.allSettled(pending.values());
    await enough;
    await Promise.race([all, sleep(courtesyMs, undefined, { ref: false })]);
    return { ready: [...ready], later: [...pending].map(([{ name }, prepared]) => ({ store: name, prepared })) };
  }

  private async prepared<T>(
    store: WalStore,
    marker: Omit<ArchiveMarker, 'format'>,
    prepare: (archive: WalArchive) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    return await untilDone(async () => await prepare(await this.begin(store, marker)), {
      signal,
      isFatal,
      onFailure: (error) => this.onFailure(store.name, error),
    });
  }

  /** Once for each store, whoever asks meanwhile. */
  private begin(store: WalStore, marker: Omit<ArchiveMarker, 'format'>): Promise<WalArchive> {
    const { name } = store;
    const known = this.beginning.get(name);
    if (known) return known;
    const beginning = store.begin(marker);
    this.beginning.set(name, beginning);
    beginning.then(
      (archive) => this.begun.set(name, archive),
      () => this.beginning.delete(name),
    );
    return beginning;
  }
}

function isFatal(error: unknown): boolean {
  return !isHoldfastError(error) || fatal.has(error.code);
}
