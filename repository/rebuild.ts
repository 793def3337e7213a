/** Making the catalog again from the backups alone: `backups/<id>/sealed` says what each of them is. */
import { type BackupHead, databaseSpans, type SealedManifest } from '../domain/backup';
import { isHoldfastError, reportError } from '../domain/errors';
import type { RepositoryCopy } from './copy';
import { refOf } from './documents';
import { getHead, putHead } from './heads';
import { backupFolder, backupKeys, backupsPrefix } from './names';
import { getSealedManifest } from './sealed-manifest';

export interface RebuiltCatalog {
  /** Ids whose head was made. */
  rebuilt: string[];
  /** Ids whose head was there and whole. */
  kept: string[];
  /** Folders without a readable manifest: unfinished, failed or damaged. No head is made for them. */
  unusable: { id: string; reason: string }[];
}

/**
 * Gives every sealed backup its head, in each store it is complete in. A readable head is kept: what only the catalog knew
 * (`verifiedAt`, `provenAt`, that a backup failed) is not thrown away while one store still has it.
 */
export async function rebuildCatalog(copies: RepositoryCopy[]): Promise<RebuiltCatalog> {
  const backups = new Map<string, FoundBackup>();
  const unusable = new Map<string, string>();
  for (const copy of copies) {
    for await (const id of backupIds(copy)) {
      try {
        await look(copy, id, backups);
      } catch (error) {
        if (!isHoldfastError(error) || error.retryable) throw error;
        unusable.set(id, reportError(error).message);
      }
    }
  }
  const outcome: RebuiltCatalog = { rebuilt: [], kept: [], unusable: [] };
  for (const [id, backup] of backups) {
    const { lacking } = backup;
    const stores = backup.complete.map(({ store }) => store.name);
    const head = backup.known ?? backup.made;
    for (const copy of lacking) await putHead(copy, { ...head, stores, location: copy.store.location });
    (lacking.length > 0 ? outcome.rebuilt : outcome.kept).push(id);
  }
  outcome.unusable = [...unusable].filter(([id]) => !backups.has(id)).map(([id, reason]) => ({ id, reason }));
  return outcome;
}

interface FoundBackup {
  /** From the manifest. */
  made: BackupHead;
  /** A head that was there and fits the manifest. */
  known?: BackupHead;
  complete: RepositoryCopy[];
  lacking: RepositoryCopy[];
}

async function look(copy: RepositoryCopy, id: string, backups: Map<string, FoundBackup>): Promise<void> {
  const manifest = await getSealedManifest(copy, { id });
  const sealed = refOf('', await copy.store.get(backupKeys.sealed(id)));
  const checksums = await copy.store.get(backupKeys.checksums(id)).catch(() => undefined);
  const made = describe(manifest, copy, sealed.sha256, checksums && refOf('', checksums).sha256);
  const backup = backups.get(id) ?? { made, complete: [], lacking: [] };
  const old = await oldHead(copy, id);
  const fits = old !== undefined && (old.status !== 'completed' || old.manifestSha256 === sealed.sha256);
  backup.complete.push(copy);
  if (fits) backup.known ??= old;
  else backup.lacking.push(copy);
  backups.set(id, backup);
}

/** Ids of all folders below `backups/`, one listing request each, however many objects they hold. */
async function* backupIds(copy: RepositoryCopy): AsyncIterable<string> {
  for (let after = ''; ; ) {
    const first = await firstObject(copy, after);
    if (first === undefined) return;
    const id = first.slice(backupsPrefix.length).split('/')[0] ?? '';
    yield id;
    after = `${backupFolder(id)}~`; // behind every character a key may have
  }
}

async function firstObject(copy: RepositoryCopy, after: string): Promise<string | undefined> {
  for await (const { key } of copy.store.list(backupsPrefix, after === '' ? {} : { after })) return key;
  return undefined;
}

async function oldHead(copy: RepositoryCopy, id: string): Promise<BackupHead | undefined> {
  try {
    return await getHead(copy, id);
  } catch (error) {
    if (isHoldfastError(error) && !error.retryable) return undefined; // gone or damaged: that is why we are here
    throw error;
  }
}

function describe(
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
