/** The catalog as JSON lines in the specification's form, and its copy in each `dir` store. */
import type { BackupHead, CatalogLine } from '../domain/backup';
import type { RepositoryCopy } from './copy';
import { listHeads } from './heads';
import { backupFolder, catalogLinesKey } from './names';

/** `size` is what the backup takes in the store, in bytes; `duration` is in seconds. */
export function catalogLine(head: BackupHead, retentionDays: number): CatalogLine {
  return {
    backup_id: head.id,
    type: head.type,
    timestamp: head.startedAt,
    path: `${head.location}/${backupFolder(head.id).slice(0, -1)}`,
    retention_days: retentionDays,
    duration: head.seconds ?? null,
    size: head.storedBytes,
    checksum: head.checksum ?? null,
    status: head.status,
    location: head.location,
    site_id: head.site,
  };
}

/** Regenerates `catalog/backups.jsonl` from the heads, for people and programs that look into a `dir` store. */
export async function writeCatalogLines(
  copy: RepositoryCopy,
  retentionDays: (head: BackupHead) => number,
): Promise<void> {
  const { heads } = await listHeads(copy);
  const lines = heads.map((head) => `${JSON.stringify(catalogLine(head, retentionDays(head)))}\n`);
  await copy.store.put(catalogLinesKey, Buffer.from(lines.join('')));
}
