import type { SealedManifest } from '../domain/backup';
import type { RepositoryCopy } from './copy';
import { type DocumentRef, refOf } from './documents';
import { backupKeys } from './names';
import { getRunIndex } from './run-index';

/** Documents of a backup that are neither packs nor indexes, in the order in which a copy is written: the manifest last. */
export function documentKeys(backupId: string): string[] {
  return [backupKeys.dataKey(backupId), backupKeys.manifest(backupId), backupKeys.sealed(backupId)];
}

/**
 * Every object that a sealed backup consists of, with its hash, one run index in memory at a time. Not among them:
 * `checksums.sha256`, which lists them, and `receipt.json`, which comes after it.
 */
export async function* backupObjects(copy: RepositoryCopy, manifest: SealedManifest): AsyncIterable<DocumentRef> {
  for (const key of documentKeys(manifest.backupId)) yield refOf(key, await copy.store.get(key));
  for (const component of Object.values(manifest.components)) {
    for (const ref of component.indexes) {
      yield ref;
      const index = await getRunIndex(copy, ref);
      for (const { object, sha256, storedBytes } of index.packs) yield { key: object, sha256, bytes: storedBytes };
    }
  }
}
