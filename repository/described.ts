/** A head out of the backup itself: what its sealed manifest says. */
import { type BackupHead, databaseSpans, type SealedManifest } from '../domain/backup';
import type { RepositoryCopy } from './copy';

/** As completed: that it failed or expired only the catalog knew. */
export function describeBackup(
  manifest: SealedManifest,
  copy: RepositoryCopy,
  manifestSha256: string,
  checksum?: string,
): BackupHead {
  const { backupId: id, system, site, tier, type, startedAt, endedAt } = manifest;
  const summaries = Object.entries(manifest.components).map(([name, { summary }]) => [name, summary] as const);
  return {
    id,
    system,
    site,
    ...(tier === undefined ? {} : { tier }),
    type,
    status: 'completed',
    startedAt,
    endedAt,
    seconds: (Date.parse(endedAt) - Date.parse(startedAt)) / 1000,
    components: Object.fromEntries(summaries),
    bytes: summaries.reduce((sum, [, one]) => sum + one.bytes, 0),
    storedBytes: summaries.reduce((sum, [, one]) => sum + one.storedBytes, 0),
    ...(checksum === undefined ? {} : { checksum }),
    manifestSha256,
    ...databaseSpans(manifest),
    ...(manifest.marks && { marks: manifest.marks }),
    ...(manifest.chain && { chain: manifest.chain.map(({ backupId }) => backupId) }),
    stores: [copy.store.name],
    location: copy.store.location,
  };
}
