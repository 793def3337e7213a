/** The sealed manifest: its presence, and the head's hash of it, make a backup complete. */
import type { BackupHead, SealedManifest } from '../domain/backup';
import { HoldfastError, isHoldfastError } from '../domain/errors';
import type { RepositoryCopy } from './copy';
import { type DocumentRef, openSealed, putSealedOnce, refOf } from './documents';
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
  return (await readSealedManifest(copy, head)).manifest;
}

/** With the SHA-256 of the object. @throws HoldfastError as {@link getSealedManifest} */
export async function readSealedManifest(
  copy: RepositoryCopy,
  head: Pick<BackupHead, 'id' | 'manifestSha256'>,
): Promise<{ manifest: SealedManifest; sha256: string }> {
  const key = backupKeys.sealed(head.id);
  const where = `${copy.store.name}:${key}`;
  try {
    const object = await copy.store.get(key);
    const { sha256 } = refOf(key, object);
    if (head.manifestSha256 !== undefined && sha256 !== head.manifestSha256) throw notTheOne(where);
    const manifest = openSealed(copy, key, sealedManifestSchema, object);
    if (manifest.backupId === head.id) return { manifest, sha256 };
  } catch (error) {
    if (!isHoldfastError(error) || error.code !== 'object_not_found') throw error;
    throw new HoldfastError('backup_unusable', 'the backup has no manifest in this store', {
      where,
      hints: ['it was never completed, or its manifest is lost: choose another backup or another store'],
    });
  }
  throw new HoldfastError('checksum_mismatch', 'the manifest of another backup lies here', { where });
}

function notTheOne(where: string): HoldfastError {
  return new HoldfastError('checksum_mismatch', 'a document of the repository is not the one that was written', {
    where,
    hints: ['restore from another store or backup'],
  });
}
