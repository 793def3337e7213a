/** Which copies a backup can be taken from. */
import type { BackupHead } from '../../domain/backup';
import type { StoreConfig } from '../../domain/config/types';
import { HoldfastError, isHoldfastError } from '../../domain/errors';
import { isDamaged, isHeld } from '../../domain/replication/wanted';
import { isFrozenCopy } from '../../domain/storage';
import type { RepositoryCopy } from '../../repository/copy';
import { getHead } from '../../repository/heads';
import type { SiteContext } from '../context';

export interface SourceCopy {
  copy: RepositoryCopy;
  head: BackupHead;
}

/**
 * Those that hold the backup, but for one store: what is readable at once first, then what was not found damaged, then what its own service can copy.
 * @throws HoldfastError `backup_not_found`, or why the last store did not answer
 */
export async function sourceCopies(context: SiteContext, backupId: string, to?: string): Promise<SourceCopy[]> {
  const { copies, unavailable } = await context.repository();
  const found: SourceCopy[] = [];
  let failure: unknown = unavailable.find(({ store }) => store.name !== to)?.error;
  for (const copy of copies.filter(({ store }) => store.name !== to)) {
    try {
      const head = await getHead(copy, backupId);
      if (isHeld(head)) found.push({ copy, head });
    } catch (error) {
      if (!isHoldfastError(error)) throw error;
      if (error.code !== 'backup_not_found') failure ??= error;
    }
  }
  if (found.length > 0) return found.sort((a, b) => rank(context, a, to) - rank(context, b, to));
  throw (
    failure ??
    new HoldfastError('backup_not_found', `no other store holds ${backupId}`, {
      hints: ['holdfast list shows where it is'],
    })
  );
}

function rank({ config }: SiteContext, { copy, head }: SourceCopy, to: string | undefined): number {
  const own = config.stores[copy.store.name];
  const target = to === undefined ? undefined : config.stores[to];
  return (isFrozenCopy(own, head) ? 4 : 0) + (isDamaged(head) ? 2 : 0) + (sameEndpoint(own, target) ? 0 : 1);
}

function sameEndpoint(one: StoreConfig | undefined, other: StoreConfig | undefined): boolean {
  return one?.kind === 's3' && other?.kind === 's3' && one.endpoint === other.endpoint;
}
