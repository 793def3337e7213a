/** Names of the backups that a store knows, for whoever has mistyped one: a few requests, however large the catalog. Nothing is decided by them. */
import type { RepositoryCopy } from '../copy';
import { changesSince, headIds, usableSnapshot } from './listing';

/** Where there is no snapshot there are few backups, or the catalog was lost. */
const atMost = 5000;

/** In no order; some of them may be gone, and in a large catalog without an index some are missing. */
export async function knownIds(copy: RepositoryCopy): Promise<Set<string>> {
  const snapshot = await usableSnapshot(copy);
  if (snapshot !== undefined) {
    const { changed } = await changesSince(copy, snapshot);
    return new Set([...snapshot.heads.map(({ id }) => id), ...changed]);
  }
  const ids = new Set<string>();
  for await (const id of headIds(copy)) {
    ids.add(id);
    if (ids.size === atMost) break;
  }
  return ids;
}
