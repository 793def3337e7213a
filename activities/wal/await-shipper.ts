/** Waits until WAL flows: the slot exists before a backup starts, so that the server keeps what the backup will need (docs/data-safety.md, A2). */

import { setTimeout as delay } from 'node:timers/promises';
import { cancellationSignal } from '@temporalio/activity';
import { connectionOf } from '../../components/config-file/open-repository';
import { withClient } from '../../components/postgres/connection';
import { slotName } from '../../components/postgres/wal/replication';
import { postgresOf } from '../../domain/config/names';
import type { SiteContext } from '../context';

export async function awaitShipper(context: SiteContext, { component }: { component: string }): Promise<void> {
  const connection = await connectionOf(postgresOf(context.config, context.site, component));
  const slot = slotName(context.config.system, context.site, component);
  const signal = cancellationSignal();
  await withClient(connection, async (client) => {
    const sql = 'select active and restart_lsn is not null as streaming from pg_replication_slots where slot_name = $1';
    for (;;) {
      const { rows } = await client.query<{ streaming: boolean }>(sql, [slot]);
      if (rows[0]?.streaming) return;
      await delay(200, undefined, { signal });
    }
  });
}
