/** The history of the catalog as a command reads it: entries of all stores, oldest first. */
import type { HistoryEntry } from '../../domain/catalog/history';
import { forEach } from '../../repository/catalog/each';
import { type EntryName, getEntry, listEntries } from '../../repository/catalog/history';
import type { RepositoryCopy } from '../../repository/copy';

export interface ToldEntry extends HistoryEntry {
  store: string;
}

export interface HistoryQuestion {
  wants: (backupId: string) => boolean;
  /** So many of the newest of each store. */
  limit: number;
}

/** Names alone tell whose entries they are: only those that are shown are read. */
export async function readHistory(copies: RepositoryCopy[], { wants, limit }: HistoryQuestion): Promise<ToldEntry[]> {
  const told: ToldEntry[] = [];
  for (const copy of copies) {
    let names: EntryName[] = [];
    for await (const entry of listEntries(copy)) {
      if (wants(entry.backupId)) names.push(entry);
      if (names.length > 2 * limit) names = names.slice(-limit);
    }
    await forEach(names.slice(-limit), 16, async (name) => {
      const entry = await getEntry(copy, name);
      if (entry) told.push({ ...entry, store: copy.store.name });
    });
  }
  return told.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)).slice(-limit);
}
