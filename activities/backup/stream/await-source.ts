/**
 * A component that is read over its connection alone, in two steps: this file → `store-stream`, which holds the one connection and does all
 * the rest. Guaranteed: each generation is one base backup of one moment, in packs that nobody else writes; what an earlier one stored
 * and came again the same is not stored twice. Not guaranteed: that anything of a stream which was cut is read again from where it was cut.
 *
 * Here: waits until the server can be read and the store be written, so that no generation is begun in vain, and ends what a dead or
 * forgotten process may still hold: the server has few connections of this kind.
 */
import { connectionOf } from '../../../components/config-file/open-repository';
import { streamFailure } from '../../../components/postgres/base-backup/failures';
import { endSession, sessionName } from '../../../components/postgres/session';
import { ReplicationConnection } from '../../../components/postgres/wal/replication';
import { postgresOf } from '../../../domain/config/names';
import { backupKeys } from '../../../repository/names';
import type { SiteContext } from '../../context';
import type { JobPart } from '../../contracts';

/** @throws HoldfastError `postgres_unreachable` and `store_unavailable`, to be tried again */
export async function awaitSource(context: SiteContext, part: JobPart): Promise<void> {
  const { backupId, component, generation, store } = part;
  await (await context.repository()).copy(store).store.head(backupKeys.dataKey(backupId));
  const connection = await connectionOf(postgresOf(context.config, context.site, component));
  for (let earlier = generation - 1; earlier > 0; earlier--) {
    await endSession(connection, sessionName(backupId, earlier));
  }
  try {
    await (await ReplicationConnection.open(connection, 'holdfast/look')).close();
  } catch (error) {
    throw streamFailure(error);
  }
}
