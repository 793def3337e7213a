/**
 * The catalog of one store, read again and again: names are listed each time, and only what is new or was written anew is fetched, so that a
 * thousand backups cost a reading one request and not a thousand.
 */
import type { BackupHead } from '../../domain/backup';
import type { RestoreSample } from '../../domain/objectives';
import type { RepositoryCopy } from '../../repository/copy';
import { backupOfHead, getHead } from '../../repository/heads';
import { headsPrefix, receiptsPrefix } from '../../repository/names';
import { samplesOf } from '../catalog/restore-time';

export class CatalogReader {
  private heads = new Map<string, { stamp: string; head: BackupHead }>();
  private samples: RestoreSample[] = [];
  private lastReceipt?: string;

  /** Oldest first; one that cannot be read is left out. */
  async readHeads(copy: RepositoryCopy): Promise<BackupHead[]> {
    const before = this.heads;
    const now: typeof before = new Map();
    for await (const { key, bytes, modified, tag = '' } of copy.store.list(headsPrefix)) {
      if (!key.endsWith('.json')) continue;
      const stamp = `${tag} ${bytes}@${modified.getTime()}`;
      const known = before.get(key);
      const head = known?.stamp === stamp ? known.head : await getHead(copy, backupOfHead(key)).catch(() => undefined);
      if (head) now.set(key, { stamp, head });
    }
    this.heads = now;
    return [...now.values()].map(({ head }) => head).sort((a, b) => (a.startedAt < b.startedAt ? -1 : 1));
  }

  /** What earlier restores took. */
  async readSamples(copy: RepositoryCopy): Promise<RestoreSample[]> {
    let last = this.lastReceipt;
    for await (const { key } of copy.store.list(receiptsPrefix, { after: last })) last = key;
    if (last !== this.lastReceipt) this.samples = await samplesOf([copy]);
    this.lastReceipt = last;
    return this.samples;
  }
}
