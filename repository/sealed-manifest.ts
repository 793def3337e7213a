/** The sealed manifest: its presence, and the head's hash of it, make a backup complete. */
import type { BackupHead, SealedManifest } from '../domain/backup';
import { HoldfastError, isHoldfastError } from '../domain/errors';
import type { RepositoryCopy } from './copy';
import { type DocumentRef, getSealed, putSealedOnce } from './documents';
import { backupKeys } from './names';
import { sealedManifestSchema } from './schemas/backup';

/** The first one stays: what comes back is the reference of the one that counts. */
export async function putSealedManifest(copy: RepositoryCopy, manifest: SealedManifest): Promise<DocumentRef> {
  return await putSealedOnce(copy, backupKeys.sealed(manifest.backupId), manifest);
}

/**
 * @throws HoldfastError `backup_unusable` when the backup was never sealed; `checksum_mismatch` when the manifest is damaged,
 *   another backup's, or not the one the head was published with
 */
export async function getSealedManifest(
  copy: RepositoryCopy,
  head: Pick<BackupHead, 'id' | 'manifestSha256'>,
): Promise<SealedManifest> {
  const key = backupKeys.sealed(head.id);
  const where = `${copy.store.name}:${key}`;
  try {
    const manifest = await getSealed(copy, key, sealedManifestSchema, head.manifestSha256);
    if (manifest.backupId === head.id) return manifest;
  } catch (error) {
    if (!isHoldfastError(error) || error.code !== 'object_not_found') throw error;
    throw new HoldfastError('backup_unusable', 'the backup has no manifest in this store', {
      where,
      hints: ['it was never completed, or its manifest is lost: choose another backup or another store'],
    });
  }
  throw new HoldfastError('checksum_mismatch', 'the manifest of another backup lies here', { where });
}
