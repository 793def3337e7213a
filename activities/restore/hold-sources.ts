/** What a restore relies on from its first step on: each backup that a component comes from, all that it builds upon, and the WAL behind it. */
import type { RepositoryCopy } from '../../repository/copy';
import { tellsOfStore } from '../answering';
import type { SiteContext } from '../context';
import type { RestoreJob } from '../contracts';
import { holdBackup, ifAllowed } from '../leases/hold';
import { holdWal } from '../leases/hold-wal';
import type { Source } from './sources';

/**
 * The WAL in every store that can be written: another than that of the backup may reach further.
 * @returns warnings of stores that let nobody write
 * @throws HoldfastError `backup_unusable` when part of it is being removed: nothing of the target was touched
 */
export async function holdSources(
  context: SiteContext,
  { backupId, store, components }: RestoreJob,
  sources: Record<string, Source>,
): Promise<string[]> {
  const repository = await context.repository();
  const warnings = new Set<string>();
  const backups = new Map<string, { store: string; id: string; chain: string[] }>();
  for (const { from = { backupId, store }, links = [] } of components) {
    const chain = links.map((link) => link.backupId);
    backups.set(`${from.store}/${from.backupId}`, { store: from.store, id: from.backupId, chain });
  }
  for (const backup of backups.values()) {
    const copy = repository.copy(backup.store);
    for (const one of await ifAllowed(copy, () => holdBackup(copy, backup, 'restore'))) warnings.add(one);
  }
  const needs = components.flatMap(({ name }) => {
    const facts = sources[name]?.sealed.postgres;
    return facts ? [{ ...facts, from: facts.startLsn }] : [];
  });
  for (const copy of needs.length > 0 ? repository.copies : []) {
    for (const one of await ifAnswering(copy, () => ifAllowed(copy, () => holdWal(copy, 'restore', needs))))
      warnings.add(one);
  }
  return [...warnings];
}

/** A store that is lost holds up no restore from another. */
async function ifAnswering({ store }: RepositoryCopy, hold: () => Promise<string[]>): Promise<string[]> {
  try {
    return await hold();
  } catch (error) {
    if (!tellsOfStore(error)) throw error;
    return [`no lease could be taken in ${store.name}, which does not answer`];
  }
}
