/** What the history and the last snapshot still say of heads that are lost. */
import type { BackupHead } from '../../domain/backup';
import type { HistoryStatus } from '../../domain/catalog/history';
import type { RepositoryCopy } from '../copy';
import { type EntryName, getEntry, lastEntries } from './history';
import { changesSince } from './listing';
import type { Snapshot } from './snapshots';

export class Memory {
  private constructor(
    private readonly copy: RepositoryCopy,
    /** The last entry of each backup. */
    private readonly last: Map<string, EntryName>,
    /** Heads of which the snapshot tells as much as the last entry. */
    private readonly settled: Map<string, BackupHead>,
  ) {}

  /** @param there heads that are not lost: nothing is kept in memory of them a second time */
  static async of(
    copy: RepositoryCopy,
    there: ReadonlyMap<string, BackupHead>,
    snapshot: Snapshot | undefined,
  ): Promise<Memory> {
    const last = await lastEntries(copy, snapshot?.number ?? 0);
    const settled = new Map<string, BackupHead>();
    if (snapshot) {
      const { changed } = await changesSince(copy, snapshot);
      for (const head of snapshot.heads) {
        if (!changed.has(head.id) && !there.has(head.id)) settled.set(head.id, head);
      }
    }
    return new Memory(copy, last, settled);
  }

  /** How each of them ended, by the last entry. */
  *ends(): Iterable<[id: string, HistoryStatus]> {
    for (const [id, { to }] of this.last) yield [id, to];
  }

  /** Undefined: nothing is known, or only that it was removed. */
  async recall(id: string): Promise<BackupHead | undefined> {
    const settled = this.settled.get(id);
    const entry = this.last.get(id);
    if (settled || entry === undefined) return settled;
    return (await getEntry(this.copy, entry))?.head;
  }
}
