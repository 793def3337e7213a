/**
 * Is there a locked backup that nobody sees? Who may write to a bucket cannot remove what is locked, and can hide it, with what the catalog tells of it, by deletion
 * markers. Looked for by names: what a backup with an entry in the catalog lacks is told by verifying it.
 */
import { backupKeys, backupOfHead, backupsPrefix, headKey, headsPrefix } from '../../repository/names';
import type { Store } from '../../repository/store';
import { type Finding, ok, problem } from './finding';

/** So many are looked at: a bucket in which more is wrong is told as well by these. */
const atMost = 1000;

export async function checkHidden(store: Store): Promise<Finding> {
  const known = new Set<string>();
  for await (const { key } of store.list(headsPrefix)) known.add(backupOfHead(key));
  const hidden: string[] = [];
  let looked = 0;
  for await (const id of store.locks?.everFolders(backupsPrefix) ?? []) {
    if (known.has(id) || looked >= atMost) continue;
    looked++;
    // Locked last of all, when the backup counts: what failed, or has been removed, has none.
    if ((await store.locks?.lastLockOf(backupKeys.sealed(id))) === undefined) continue;
    if ((await store.head(headKey(id))) === undefined) hidden.push(id); // or it was published meanwhile
  }
  if (hidden.length === 0) return ok('hidden', 'no locked backup is hidden from the catalog');
  const some = hidden.slice(0, 5).join(', ');
  return problem(
    'hidden',
    `${hidden.length} locked backups are not in the catalog: ${some}${hidden.length > 5 ? ' …' : ''}`,
    'somebody removed their entries, or hid them: `holdfast catalog rebuild` brings them back; find out who has these credentials',
  );
}
