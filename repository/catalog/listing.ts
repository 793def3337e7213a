/** All heads of a store: from the newest snapshot and the heads that changed since, or, where there is no snapshot, one by one. */
import type { BackupHead } from '../../domain/backup';
import type { RepositoryCopy } from '../copy';
import { backupOfHead, headKey, headsPrefix } from '../names';
import { listEntries } from './history';
import { byAge, type HeadList, readHeads } from './read';
import { getSnapshot, listSnapshots, type Snapshot } from './snapshots';

/** A damaged head is reported and hides none of the others. */
export async function listHeads(copy: RepositoryCopy, signal?: AbortSignal): Promise<HeadList> {
  const snapshot = await usableSnapshot(copy, signal);
  if (snapshot === undefined) return await listEveryHead(copy, signal);
  const { changed } = await changesSince(copy, snapshot, signal);
  return await renewed(copy, snapshot, changed, signal);
}

/** Without any snapshot: what counts when the index is in doubt. */
export async function listEveryHead(copy: RepositoryCopy, signal?: AbortSignal): Promise<HeadList> {
  const list = await readHeads(copy, headIds(copy, signal), signal);
  list.heads.sort(byAge);
  return list;
}

/** The newest that can be read; one that was taken away while we looked made room for newer ones. */
export async function usableSnapshot(copy: RepositoryCopy, signal?: AbortSignal): Promise<Snapshot | undefined> {
  for (let attempt = 0; attempt < 3; attempt++) {
    const numbers = await listSnapshots(copy);
    for (const number of numbers) {
      const snapshot = await getSnapshot(copy, number, signal);
      if (snapshot) return snapshot;
    }
    if (numbers.length === 0) return undefined;
  }
  return undefined;
}

export interface Changes {
  /** Backups whose heads may not be as the snapshot has them. */
  changed: Set<string>;
  /** Names of all entries that were looked at. */
  names: string[];
}

export async function changesSince(
  copy: RepositoryCopy,
  { since, absorbed, unsettled }: Pick<Snapshot, 'since' | 'absorbed' | 'unsettled'>,
  signal?: AbortSignal,
): Promise<Changes> {
  const known = new Set(absorbed);
  const changes: Changes = { changed: new Set(unsettled), names: [] };
  for await (const { name, backupId } of listEntries(copy, since, signal)) {
    changes.names.push(name);
    if (!known.has(name)) changes.changed.add(backupId);
  }
  return changes;
}

/** The snapshot's heads, those of `ids` as they are now. */
export async function renewed(
  copy: RepositoryCopy,
  snapshot: Pick<Snapshot, 'heads'>,
  ids: Set<string>,
  signal?: AbortSignal,
): Promise<HeadList> {
  if (ids.size === 0) return { heads: snapshot.heads, damaged: [] };
  const fresh = await readHeads(copy, ids, signal);
  fresh.heads.sort(byAge);
  fresh.damaged.sort((a, b) => (a.key < b.key ? -1 : 1));
  return {
    heads: merged(
      snapshot.heads.filter(({ id }) => !ids.has(id)),
      fresh.heads,
    ),
    damaged: fresh.damaged,
  };
}

export async function* headIds(copy: RepositoryCopy, signal?: AbortSignal): AsyncIterable<string> {
  for await (const { key } of copy.store.list(headsPrefix, { signal })) {
    const id = backupOfHead(key);
    if (headKey(id) === key) yield id;
  }
}

/** Of two lists that are in order. */
function merged(some: BackupHead[], others: BackupHead[]): BackupHead[] {
  const all: BackupHead[] = [];
  let at = 0;
  for (const head of others) {
    for (let one = some[at]; one !== undefined && byAge(one, head) < 0; one = some[at]) {
      all.push(one);
      at++;
    }
    all.push(head);
  }
  return all.concat(some.slice(at));
}
