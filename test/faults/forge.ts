/**
 * A backup that somebody wrote who holds the key: sealed, published and consistent in itself, so that nothing but the look at each
 * path stands between what it says and the disk.
 */
import type { BackupHead, SealedManifest } from '../../domain/backup';
import type { RunIndex } from '../../domain/pack';
import type { Slice, TreeEntry, TreePath } from '../../domain/tree';
import { putChecksums } from '../../repository/checksums';
import type { RepositoryCopy } from '../../repository/copy';
import { createDataKey } from '../../repository/data-key';
import { putHead } from '../../repository/heads';
import { packKey } from '../../repository/names';
import { buildPack } from '../../repository/packs/build';
import { storePack } from '../../repository/packs/store-pack';
import { putPlainManifest } from '../../repository/plain-manifest';
import { putRunIndex } from '../../repository/run-index';
import { putSealedManifest } from '../../repository/sealed-manifest';

export interface Forgery {
  /** Default: `config`. */
  component?: string;
  paths?: TreePath[];
  entries: (Pick<TreeEntry, 'path' | 'type'> & Partial<TreeEntry>)[];
  /** Where bytes are to be written; default: into every entry that is a file. */
  writes?: { root?: string; path: TreePath }[];
}

/** What a forged backup tries to write. */
export const payload = Buffer.from('written by a forged backup\n');

const stamp = { size: payload.length, ino: '1', mtimeNs: '1700000000000000000', ctimeNs: '1700000000000000000' };

export async function forgeBackup(copy: RepositoryCopy, backupId: string, forgery: Forgery): Promise<void> {
  const { component = 'config', paths = ['/tree'] } = forgery;
  const entries = forgery.entries.map(
    (one): TreeEntry => ({ ...stamp, root: '0', mode: 0o777, uid: 0, gid: 0, ...one }),
  );
  const writes = forgery.writes ?? entries.filter(({ type }) => type === 'file');
  const dataKey = await createDataKey(copy, backupId);
  const slices = writes.map(({ root = '0', path }): Slice => {
    return { root, path, offset: 0, length: payload.length, stamp, mayChange: false };
  });
  const source = { backupId, component, pack: 0, slices, dataKey, contentKey: copy.keys.content };
  const built = buildPack(source, () => {
    let read = false;
    return {
      read: (buffer) => {
        const count = read ? 0 : payload.copy(buffer);
        read = true;
        return count;
      },
      finish: () => ({ outcome: 'ok', stamp }),
    };
  });
  const object = packKey(copy.keys.names, { backupId, component: 'config', generation: 1 }, 0);
  const pack = await storePack(copy, object, built, { backupId, component, dataKey });
  const index: RunIndex = { run: 0, generation: 1, entries, packs: [pack] };
  const ref = await putRunIndex(copy, { backupId, component: 'config' }, index);
  const { bytes, storedBytes } = pack;
  const summary = { kind: 'files' as const, runs: 1, packs: 1, files: 1, bytes, storedBytes, warnings: [] };
  await publish(copy, {
    ...{ format: 1, backupId, system: copy.system, site: 'dc01', type: 'full' },
    ...{ startedAt: '2020-01-01T00:00:00Z', endedAt: '2020-01-01T00:01:00Z' },
    components: { [component]: { kind: 'files', indexes: [ref], summary, files: { paths } } },
  });
}

async function publish(copy: RepositoryCopy, manifest: SealedManifest): Promise<void> {
  const sealed = await putSealedManifest(copy, manifest);
  await putPlainManifest(copy, manifest, sealed);
  const checksums = await putChecksums(copy, manifest);
  const summaries = Object.entries(manifest.components).map(([name, { summary }]) => [name, summary] as const);
  const { backupId: id, system, site, type, startedAt, endedAt } = manifest;
  const head: BackupHead = {
    ...{ id, system, site, type, status: 'completed', startedAt, endedAt, seconds: 60 },
    ...{ components: Object.fromEntries(summaries), bytes: 1, storedBytes: 1, stores: [copy.store.name] },
    location: copy.store.location,
    manifestSha256: sealed.sha256,
    checksum: checksums.sha256,
  };
  await putHead(copy, head);
}
