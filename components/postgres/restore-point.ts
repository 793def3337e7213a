/**
 * A named restore point in the WAL (PostgreSQL manual, "Backup Control Functions"): replay can be told to stop right behind it. A standby writes
 * no WAL; there the mark is how far it has replayed.
 */
import type pg from 'pg';
import type { PointMark } from '../../domain/backup';
import { HoldfastError } from '../../domain/errors';
import { quoted } from './check';
import { connectionError, withClient } from './connection';
import { error, type Finding, ok } from './finding';
import { clock } from './session';

interface Wish {
  /** At most 63 bytes, and never used twice: replay stops at the first of its name. */
  name: string;
  /** The server hands its WAL over a segment at a time: what is marked now is handed over now. */
  switchWal: boolean;
}

/** @throws HoldfastError `postgres_unreachable`, `postgres_rights` */
export async function createRestorePoint(config: pg.ClientConfig, { name, switchWal }: Wish): Promise<PointMark> {
  return await withClient(config, async (client) => {
    const { rows } = await client.query<{ standby: boolean; system: string }>(
      'select pg_is_in_recovery() as standby, system_identifier::text as system from pg_control_system()',
    );
    const { standby = false, system: systemIdentifier = '' } = rows[0] ?? {};
    const { lsn, timeline, at } = standby ? await replayed(client) : await marked(client, name);
    if (switchWal && !standby) await client.query('select pg_switch_wal()');
    return { systemIdentifier, timeline, lsn, ...(standby ? {} : { name }), at };
  }).catch((thrown: unknown) => {
    throw withRights(connectionError(thrown), switchWal);
  });
}

type Marked = Pick<PointMark, 'lsn' | 'timeline' | 'at'>;

async function marked(client: pg.Client, name: string): Promise<Marked> {
  // The clock first: whatever is committed later lies behind the record.
  const now = await client.query<{ at: string }>(`select ${clock} as at`);
  const { rows } = await client.query<{ lsn: string; segment: string }>(
    'select lsn::text, pg_walfile_name(lsn) as segment from pg_create_restore_point($1) lsn',
    [name],
  );
  const { lsn = '', segment = '' } = rows[0] ?? {};
  return { lsn, timeline: Number.parseInt(segment.slice(0, 8), 16), at: now.rows[0]?.at ?? '' };
}

async function replayed(client: pg.Client): Promise<Marked> {
  const { rows } = await client.query<Marked>(`select ${clock} as at, pg_last_wal_replay_lsn()::text as lsn,
    coalesce((select received_tli from pg_stat_wal_receiver), (select timeline_id from pg_control_checkpoint())) as timeline`);
  const [found] = rows;
  if (found?.lsn) return found;
  throw new HoldfastError('postgres_misconfigured', 'the standby has replayed nothing yet', {
    hints: ['mark recovery points on the primary'],
  });
}

/** For doctor, where a tier makes recovery points. */
export async function checkMarking(config: pg.ClientConfig, switchWal: boolean): Promise<Finding> {
  return await withClient(config, async (client) => {
    const { rows } = await client.query<{ role: string; marks: boolean; switches: boolean }>(
      `select current_user as role, has_function_privilege('pg_create_restore_point(text)', 'execute') as marks,
        has_function_privilege('pg_switch_wal()', 'execute') as switches`,
    );
    const { role = '', marks = false, switches = false } = rows[0] ?? {};
    if (marks && (switches || !switchWal)) return ok('restore_point_rights', 'the role may mark recovery points');
    const hint = `grant execute on function ${functionsOf(switchWal)} to ${quoted(role)}`;
    return error('postgres_rights', 'the role may not mark recovery points', hint);
  });
}

function functionsOf(switchWal: boolean): string {
  return switchWal ? 'pg_create_restore_point, pg_switch_wal' : 'pg_create_restore_point';
}

function withRights(refused: HoldfastError, switchWal: boolean): HoldfastError {
  if (refused.code !== 'postgres_rights') return refused;
  const hints = [`grant execute on function ${functionsOf(switchWal)} to the role of the connection`, ...refused.hints];
  return new HoldfastError('postgres_rights', refused.message, { hints, cause: refused });
}
