/** All backups that any store knows of. */
import type { BackupHead } from '../../domain/backup';
import type { LoadedConfig } from '../../domain/config/types';
import { listHeads } from '../../repository/heads';
import type { Repository } from '../../repository/repository';
import { say } from '../output/say';
import { withRepository } from './open';

export interface Catalog {
  /** Oldest first; each backup once. */
  heads: BackupHead[];
  /** Heads that cannot be read. */
  damaged: number;
}

export async function backupHeads(loaded: LoadedConfig): Promise<Catalog> {
  return withRepository(loaded, (repository) => readCatalog(repository));
}

/** A backup is in the list once, however many stores hold it; a store that says more of it wins. */
export async function readCatalog(repository: Repository | undefined): Promise<Catalog> {
  const byId = new Map<string, BackupHead>();
  let damaged = 0;
  for (const copy of repository?.copies ?? []) {
    const list = await listHeads(copy);
    for (const { key, reason } of list.damaged) say(`warning: ${copy.store.name}:${key}: ${reason}`);
    damaged += list.damaged.length;
    for (const head of list.heads) {
      const known = byId.get(head.id);
      byId.set(head.id, known === undefined ? head : { ...head, ...known, ...latestProofs(known, head) });
    }
  }
  const heads = [...byId.values()].sort((a, b) => (a.startedAt < b.startedAt ? -1 : a.startedAt > b.startedAt ? 1 : 0));
  if (damaged > 0) say('hint: "holdfast catalog rebuild" makes damaged entries again');
  return { heads, damaged };
}

function latestProofs(a: BackupHead, b: BackupHead): Pick<BackupHead, 'verifiedAt' | 'provenAt' | 'stores'> {
  const later = (one?: string, other?: string): string | undefined => ((one ?? '') > (other ?? '') ? one : other);
  return {
    verifiedAt: later(a.verifiedAt, b.verifiedAt),
    provenAt: later(a.provenAt, b.provenAt),
    stores: [...new Set([...a.stores, ...b.stores])],
  };
}
