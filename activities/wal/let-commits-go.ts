/**
 * In mode `hybrid` commits do not wait for an agent that died. Whoever reaches the server may let them go: the next agent does it when it
 * begins, a control worker where there is none yet.
 */
import { connectionOf } from '../../components/config-file/open-repository';
import { withClient } from '../../components/postgres/connection';
import { letCommitsGo, readCommitWait } from '../../components/postgres/wal/commit-wait';
import { slotName } from '../../components/postgres/wal/replication';
import { postgresOf } from '../../domain/config/names';
import { parseInstant } from '../../domain/instant';
import type { ShippingRequest } from '../../domain/requests';
import type { CommitSwitch } from '../../repository/wal/switches';
import type { SiteContext } from '../context';
import { openArchives } from './archives';

/** Does nothing in other modes, and where a receiver lives after all. */
export async function letCommitsGoAfterDeath(context: SiteContext, { component }: ShippingRequest): Promise<boolean> {
  const configured = postgresOf(context.config, context.site, component);
  const { mode } = configured.wal;
  if (mode !== 'hybrid') return false;
  const slot = slotName(context.config.system, context.site, component);
  const system = await withClient(await connectionOf(configured), async (client) => {
    const { alive } = await readCommitWait(client, slot);
    if (alive || !(await letCommitsGo(client, slot))) return undefined;
    return (await client.query<System>(systemNow)).rows[0];
  });
  if (!system) return false;
  const reason = 'the agent was lost, and a control worker let commits go';
  await record(context, system, { at: parseInstant(system.now), commits: 'asynchronous', mode, reason });
  return true;
}

interface System {
  id: string;
  timeline: number;
  now: string;
}

const systemNow = `
  select s.system_identifier::text as id, c.timeline_id as timeline,
    to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as now
  from pg_control_system() s, pg_control_checkpoint() c`;

/** Where a store cannot be reached from here, the next receiver notices what holds and records that. */
async function record(context: SiteContext, { id, timeline }: System, one: CommitSwitch): Promise<void> {
  const archives = await openArchives(context, id).catch(() => []);
  await Promise.allSettled(archives.map((archive) => archive.writeSwitch(timeline, one)));
}
