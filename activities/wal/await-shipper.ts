/** Waits until WAL flows: the slot exists before a backup starts, so that the server keeps what the backup will need (docs/data-safety.md, A2). */

import { setTimeout as delay } from 'node:timers/promises';
import { cancellationSignal, getClient } from '@temporalio/activity';
import { connectionOf } from '../../components/config-file/open-repository';
import { withClient } from '../../components/postgres/connection';
import { slotName } from '../../components/postgres/wal/replication';
import { postgresOf } from '../../domain/config/names';
import { HoldfastError } from '../../domain/errors';
import { shippingWorkflowId } from '../../domain/requests';
import type { SiteContext } from '../context';

export async function awaitShipper(context: SiteContext, { component }: { component: string }): Promise<void> {
  const connection = await connectionOf(postgresOf(context.config, context.site, component));
  const slot = slotName(context.config.system, context.site, component);
  const signal = cancellationSignal();
  await withClient(connection, async (client) => {
    for (const since = Date.now(); ; await delay(200, undefined, { signal })) {
      const { rows } = await client.query<Slot>(lookAtSlot, [slot]);
      const [found] = rows;
      if (found?.ours && found.keeps) return;
      if (found && found.ours === false && Date.now() - since > foreignAfterMs) {
        throw new HoldfastError(
          'slot_busy',
          `another program than holdfast receives from the replication slot ${slot}`,
          {
            where: `process ${found.pid} of the server, "${found.name}"`,
            hints: ['end that program: the WAL which it takes would be missing in the stores'],
          },
        );
      }
      if (!found?.ours && Date.now() - since > endedAfterMs && (await hasEnded(context, component))) {
        throw new HoldfastError('wal_not_stored', `the shipper of ${component} has ended`, {
          where: slot,
          hints: ['start the backup again: it brings a shipper of its own'],
        });
      }
      if (Date.now() - since > silentAfterMs) {
        throw new HoldfastError('wal_not_stored', `no shipper receives the WAL of ${component}`, {
          where: slot,
          hints: ['`holdfast status` says what keeps it from streaming'],
        });
      }
    }
  });
}

async function hasEnded({ config, site }: SiteContext, component: string): Promise<boolean> {
  const shipper = getClient().workflow.getHandle(shippingWorkflowId(config.system, site, component));
  return (await shipper.describe()).status.name !== 'RUNNING';
}

/** `ours` is null while nobody is connected. */
interface Slot {
  ours: boolean | null;
  keeps: boolean;
  pid: number | null;
  name: string | null;
}

const lookAtSlot = `
  select s.active_pid as pid, a.application_name as name, a.application_name = s.slot_name as ours,
    s.restart_lsn is not null as keeps
  from pg_replication_slots s left join pg_stat_replication a on a.pid = s.active_pid where s.slot_name = $1`;

const foreignAfterMs = 3000;
const endedAfterMs = 1500;
/** A shipper whose worker died is taken up within seconds, a store that came back within a minute. */
const silentAfterMs = 10 * 60_000;
