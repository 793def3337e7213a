/** Which store holds what of a backup: it is told by where its data key lies. */
import { HoldfastError } from '../../domain/errors';
import { lockWish } from '../../domain/locks';
import type { RepositoryCopy } from '../../repository/copy';
import { getHead } from '../../repository/heads';
import { backupKeys } from '../../repository/names';
import type { SiteContext } from '../context';
import { provisionally } from '../storage/lockable';

/**
 * The first store of the configuration that has begun to hold the backup; where its tier is immutable, what is stored there is locked at once.
 * @throws HoldfastError `backup_not_found`
 */
export async function backupStore(context: SiteContext, backupId: string): Promise<RepositoryCopy> {
  const { copies, unavailable } = await context.repository();
  for (const copy of copies) {
    if (!(await copy.store.head(backupKeys.dataKey(backupId)))) continue;
    return await lockingAtOnce(context, copy, backupId);
  }
  const gone = unavailable[0];
  if (gone) throw gone.error;
  throw new HoldfastError('backup_not_found', `no store holds ${backupId}`, {
    hints: ['holdfast list shows what there is'],
  });
}

/** As the backup's tier says. That is asked for only where some backup in this store would be locked. */
export async function lockingAtOnce(
  context: SiteContext,
  copy: RepositoryCopy,
  backupId: string,
): Promise<RepositoryCopy> {
  const tiers = [undefined, ...Object.keys(context.config.tiers)];
  if (tiers.every((tier) => lockWish(context.config, tier, copy.store.name) === undefined)) return copy;
  return await provisionally(context, copy, (await getHead(copy, backupId)).tier);
}
