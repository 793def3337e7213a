/**
 * Changing the catalog so that whoever reads it by its index misses nothing: a mark that a head is being written, an entry in the
 * history, the head, the mark taken away.
 *
 * Guaranteed: a change that is done is seen by every reader that begins afterwards, and one of a writer that was killed is seen alike by all of them;
 * whatever clocks say, and whoever makes a snapshot meanwhile (docs/decisions/0025-catalog-index.md has the proof).
 * Not guaranteed: that what the history tells was done. The head says what is.
 */
import { randomBytes } from 'node:crypto';
import type { BackupHead } from '../../domain/backup';
import { changedKeys } from '../../domain/catalog/history';
import { isHoldfastError } from '../../domain/errors';
import type { RepositoryCopy } from '../copy';
import { writingPrefix } from '../names';
import { clearText } from '../redact';
import { currentAuthor } from './author';
import { putEntry } from './history';
import { getHeadIfWhole } from './read';
import { newestSnapshot } from './snapshots';

export interface ChangeOptions {
  /** Workflow id or command; by default whoever the work is done for. */
  by?: string;
  note?: string;
}

/** @param head as it will be; undefined: it goes */
export async function changeHead<T>(
  copy: RepositoryCopy,
  backupId: string,
  head: BackupHead | undefined,
  { by = currentAuthor(), note }: ChangeOptions,
  write: () => Promise<T>,
): Promise<T> {
  const mark = `${writingPrefix}${randomBytes(12).toString('hex')}-${backupId}`;
  await copy.store.put(mark, Buffer.from('{}\n'));
  // Only now: a snapshot that is made meanwhile either saw the mark, or is older than the era that the entry is of.
  const [era, before, now] = await Promise.all([
    newestSnapshot(copy),
    getHeadIfWhole(copy, backupId),
    copy.store.clock(),
  ]);
  await putEntry(copy, era, {
    ...{ format: 1, at: now.toISOString(), by, backupId },
    ...{ from: before?.status ?? null, to: head?.status ?? 'removed', changed: changedKeys(before, head) },
    ...(note === undefined ? {} : { note: clearText(copy, note) }),
    ...(head && { head }),
  });
  const outcome = await write();
  await removeMark(copy, mark);
  return outcome;
}

/** What stays costs every reader a request, and hides nothing: no change fails for it. */
async function removeMark(copy: RepositoryCopy, mark: string): Promise<void> {
  await copy.store.delete([mark]).catch((error: unknown) => {
    if (!isHoldfastError(error)) throw error;
  });
}

/** Backups whose heads are being written, or were when their writer was killed. */
export async function listMarks(
  copy: RepositoryCopy,
  signal?: AbortSignal,
): Promise<{ key: string; backupId: string; modified: Date }[]> {
  const marks = [];
  for await (const { key, modified } of copy.store.list(writingPrefix, { signal })) {
    const backupId = /^[0-9a-f]{24}-(.+)$/.exec(key.slice(writingPrefix.length))?.[1];
    if (backupId !== undefined) marks.push({ key, backupId, modified });
  }
  return marks;
}
