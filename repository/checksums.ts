/**
 * `checksums.sha256` of a backup: SHA-256 and path of every object it consists of, relative to its folder, so that
 * `sha256sum -c checksums.sha256` checks a backup in a `dir` store (or a downloaded folder) without any tool of ours.
 */
import type { SealedManifest } from '../domain/backup';
import { HoldfastError } from '../domain/errors';
import { backupObjects } from './backup-objects';
import type { RepositoryCopy } from './copy';
import { type DocumentRef, refOf } from './documents';
import { backupFolder, backupKeys } from './names';

/** To be called after the manifests are written. Memory: about 110 bytes a pack. */
export async function putChecksums(copy: RepositoryCopy, manifest: SealedManifest): Promise<DocumentRef> {
  const folder = backupFolder(manifest.backupId);
  const lines: string[] = [];
  for await (const { key, sha256 } of backupObjects(copy, manifest)) {
    lines.push(`${sha256}  ${relative(key, folder)}\n`);
  }
  const key = backupKeys.checksums(manifest.backupId);
  const body = Buffer.from(lines.sort((a, b) => (a.slice(64) < b.slice(64) ? -1 : 1)).join(''));
  const ref = refOf(key, body);
  await copy.store.put(key, body, { sha256: ref.sha256 });
  return ref;
}

function relative(key: string, folder: string): string {
  if (key.startsWith(folder)) return key.slice(folder.length);
  throw new HoldfastError('invalid_backup', 'an index names an object outside its backup', { where: key });
}
