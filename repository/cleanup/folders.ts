/** Goes through the folders of all backups of a store in one listing: what is in each, as numbers, however many packs it has. */

import type { RepositoryCopy } from '../copy';
import { backupFolder, backupsPrefix } from '../names';

export interface BackupFolder {
  id: string;
  objects: number;
  packs: number;
  /** Plans, snapshots and marks: needed only while it is made. */
  scaffolding: number;
  sealed: boolean;
  /** Since the newest of its objects came. */
  modified: Date;
  /** Names that are none of ours; the first few. */
  strange: string[];
}

const ours =
  /^(?:key\.json|sealed|manifest\.json|checksums\.sha256|receipt\.json|owner|marks|packs\/[0-9a-f]{32}|(?:plan|index|snapshot|closed|stream)\/[A-Za-z0-9._=/-]+)$/;
const scaffold = /^(?:owner|marks|plan\/|snapshot\/|closed\/|stream\/)/;
const strangeAtMost = 5;

/** Whether an object of a backup's folder is one that we store there. */
export function isOurs(id: string, key: string): boolean {
  return ours.test(key.slice(backupFolder(id).length));
}

export async function* backupFolders(copy: RepositoryCopy, signal?: AbortSignal): AsyncIterable<BackupFolder> {
  let at: BackupFolder | undefined;
  for await (const { key, modified } of copy.store.list(backupsPrefix, { signal })) {
    const [, id = '', ...rest] = key.split('/');
    if (rest.length === 0) continue; // a file beside the folders: strangers tells of it
    if (at?.id !== id) {
      if (at) yield at;
      at = { id, objects: 0, packs: 0, scaffolding: 0, sealed: false, modified, strange: [] };
    }
    const name = rest.join('/');
    at.objects++;
    if (modified > at.modified) at.modified = modified;
    if (name.startsWith('packs/')) at.packs++;
    if (scaffold.test(name)) at.scaffolding++;
    if (name === 'sealed') at.sealed = true;
    if (!ours.test(name) && at.strange.length < strangeAtMost) at.strange.push(key);
  }
  if (at) yield at;
}
