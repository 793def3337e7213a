/**
 * Catalog heads: `catalog/heads/<backup id>.json`, in the clear. A convenience: `rebuild` makes them again from the backups and the history. Whoever
 * writes or removes one does it here, so that the history tells it and the index knows.
 */
import type { BackupHead } from '../domain/backup';
import { type ChangeOptions, changeHead } from './catalog/change';
import { headBody } from './catalog/read';
import type { RepositoryCopy } from './copy';
import { headKey } from './names';
import { clearHead } from './redact';

export { listHeads } from './catalog/listing';
export { getHead, type HeadList } from './catalog/read';
export { backupOfHead } from './names';

/** `ifAbsent` claims the id: of two backups with one id the second gets `exists`. */
export async function putHead(
  copy: RepositoryCopy,
  head: BackupHead,
  { ifAbsent, ...told }: { ifAbsent?: boolean } & ChangeOptions = {},
): Promise<'created' | 'exists'> {
  const clear = clearHead(copy, head);
  const write = () => copy.store.put(headKey(head.id), headBody(clear), { ifAbsent });
  return await changeHead(copy, head.id, clear, told, write);
}

/** After its objects: what was cut off in the middle is found again by its head. The history keeps what it was. */
export async function removeHead(copy: RepositoryCopy, backupId: string, told: ChangeOptions = {}): Promise<void> {
  await changeHead(copy, backupId, undefined, told, () => copy.store.delete([headKey(backupId)]));
}
