/** The documents of a backup in a further store, each as the catalog and `checksums.sha256` say it was written, from whichever copy has it so. */
import type { BackupHead } from '../domain/backup';
import { HoldfastError } from '../domain/errors';
import { documentKeys } from './backup-objects';
import type { RepositoryCopy } from './copy';
import { type DocumentRef, refOf } from './documents';
import { backupFolder, backupKeys } from './names';
import { fetchSound, isSound, putSound, type Repaired, repairWith } from './repair';

/**
 * After all runs, the manifest last but for the checksums, so that a copy with a manifest is a whole one.
 * @returns what was there and damaged
 */
export async function replicateSealed(
  sources: RepositoryCopy[],
  to: RepositoryCopy,
  head: Pick<BackupHead, 'id' | 'checksum' | 'manifestSha256'>,
  signal?: AbortSignal,
): Promise<Repaired[]> {
  const repaired: Repaired[] = [];
  const sums = await checksumsOf(sources, head, signal);
  const listed = linesOf(head.id, sums.object);
  for (const key of documentKeys(head.id)) {
    const sha256 = key === backupKeys.sealed(head.id) ? (head.manifestSha256 ?? listed.get(key)) : listed.get(key);
    if (sha256 === undefined) throw unlisted(key);
    const { object, from } = await fetchSound(sources, { key, sha256, bytes: 0 }, signal);
    await put({ key, sha256, bytes: object.length }, object, from);
  }
  await put(sums.ref, sums.object, sums.from);
  return repaired;

  async function put(ref: DocumentRef, object: Buffer, from: string): Promise<void> {
    const there = await to.store.head(ref.key, { signal });
    if (there !== undefined && (await isSound(to, ref, { read: true, signal }))) return;
    await (there === undefined ? putSound : repairWith)(to, ref, object, signal);
    if (there !== undefined) repaired.push({ key: ref.key, store: to.store.name, from });
  }
}

/** Heads of a catalog that was made again may not know its hash: then the first that can be read counts. */
async function checksumsOf(
  sources: RepositoryCopy[],
  { id, checksum }: Pick<BackupHead, 'id' | 'checksum'>,
  signal?: AbortSignal,
): Promise<{ ref: DocumentRef; object: Buffer; from: string }> {
  const key = backupKeys.checksums(id);
  const [first] = sources;
  if (checksum === undefined && first !== undefined) {
    const object = await first.store.get(key, { signal });
    return { ref: refOf(key, object), object, from: first.store.name };
  }
  const { object, from } = await fetchSound(sources, { key, sha256: checksum ?? '', bytes: 0 }, signal);
  return { ref: refOf(key, object), object, from };
}

/** Key → SHA-256. */
function linesOf(backupId: string, body: Buffer): Map<string, string> {
  const lines = body.toString('utf8').split('\n').filter(Boolean);
  return new Map(lines.map((line) => [`${backupFolder(backupId)}${line.slice(66)}`, line.slice(0, 64)]));
}

function unlisted(where: string): HoldfastError {
  return new HoldfastError('invalid_backup', 'the list of checksums does not name a document of the backup', { where });
}
