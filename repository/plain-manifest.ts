/** `manifest.json`: what a backup is, in the clear, for people without any tool. Sizes and counts only. */
import type { SealedManifest } from '../domain/backup';
import type { RepositoryCopy } from './copy';
import type { DocumentRef } from './documents';
import { backupKeys } from './names';

export interface PlainManifest {
  format_version: 1;
  backup_id: string;
  timestamp: string;
  completed_at: string;
  system: string;
  site_id: string;
  /** With the tier where there is one: `hourly_snapshot`. */
  type: string;
  backup_type: string;
  tier: string | null;
  /** Ids of the backups that this one builds upon, the full one first: all of them are needed to restore it. */
  chain: string[];
  encrypted: boolean;
  size: number;
  stored_size: number;
  components: Record<
    string,
    { kind: string; size: number; stored_size: number; files: number; packs: number; warnings: number }
  >;
  /** SHA-256 of the sealed manifest beside it, which holds names, owners, times and positions. */
  sealed_sha256: string;
}

export function plainManifest(manifest: SealedManifest, sealed: DocumentRef, encrypted: boolean): PlainManifest {
  const summaries = Object.entries(manifest.components).map(([name, { summary }]) => ({ name, ...summary }));
  const sum = (pick: (one: (typeof summaries)[number]) => number) =>
    summaries.reduce((total, one) => total + pick(one), 0);
  return {
    format_version: 1,
    backup_id: manifest.backupId,
    timestamp: manifest.startedAt,
    completed_at: manifest.endedAt,
    system: manifest.system,
    site_id: manifest.site,
    type: manifest.tier === undefined ? manifest.type : `${manifest.tier}_snapshot`,
    backup_type: manifest.type,
    tier: manifest.tier ?? null,
    chain: manifest.chain?.map(({ backupId }) => backupId) ?? [],
    encrypted,
    size: sum((one) => one.bytes),
    stored_size: sum((one) => one.storedBytes),
    components: Object.fromEntries(
      summaries.map((one) => [
        one.name,
        {
          kind: one.kind,
          size: one.bytes,
          stored_size: one.storedBytes,
          files: one.files,
          packs: one.packs,
          warnings: one.warnings.length,
        },
      ]),
    ),
    sealed_sha256: sealed.sha256,
  };
}

/** The same bytes for the same manifest, so that it may be written any number of times. */
export async function putPlainManifest(
  copy: RepositoryCopy,
  manifest: SealedManifest,
  sealed: DocumentRef,
): Promise<void> {
  const body = `${JSON.stringify(plainManifest(manifest, sealed, copy.encrypted), null, 2)}\n`;
  await copy.store.put(backupKeys.manifest(manifest.backupId), Buffer.from(body));
}
