/** Which store holds what of a backup: it is told by where its data key lies. */
import { HoldfastError } from '../../domain/errors';
import type { RepositoryCopy } from '../../repository/copy';
import { backupKeys } from '../../repository/names';
import type { SiteContext } from '../context';

/** The first store of the configuration that has begun to hold the backup. @throws HoldfastError `backup_not_found` */
export async function backupStore(context: SiteContext, backupId: string): Promise<RepositoryCopy> {
  const { copies, unavailable } = await context.repository();
  for (const copy of copies) {
    if (await copy.store.head(backupKeys.dataKey(backupId))) return copy;
  }
  const gone = unavailable[0];
  if (gone) throw gone.error;
  throw new HoldfastError('backup_not_found', `no store holds ${backupId}`, {
    hints: ['holdfast list shows what there is'],
  });
}
