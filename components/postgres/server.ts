/**
 * What a running server says of itself. Read-only; every fact is true for the moment it was asked for.
 * A role without superuser rights needs `pg_read_all_settings` (part of `pg_monitor`) to see where the data lies.
 */
import type pg from 'pg';
import { HoldfastError } from '../../domain/errors';
import { connectionError } from './connection';

export interface RoleRights {
  user: string;
  superuser: boolean;
  replication: boolean;
  readsAllSettings: boolean;
  /** May execute the functions that start and stop a backup. */
  mayBackUp: boolean;
}

export interface ServerFacts {
  systemIdentifier: string;
  /** `server_version_num`, for example 150018. */
  versionNum: number;
  major: number;
  inRecovery: boolean;
  timeline: number;
  /** Current end of WAL, `X/Y`; on a standby what it has replayed. */
  walLsn: string;
  /** The server's clock, RFC 3339 UTC with microseconds. */
  now: string;
  /** Absent when the role may not see it. */
  dataDir?: string;
  walSegmentSize: number;
  pageSize: number;
  relationSegmentBlocks: number;
  dataChecksums: boolean;
  tablespaces: { oid: string; name: string; location: string }[];
  /** `config_file`, `hba_file`, `ident_file` and whatever they include, where it lies outside the data directory. */
  outsideConfig: string[];
  /** Name of the superuser that initdb made. */
  bootstrapUser: string;
  rights: RoleRights;
  slots: { used: number; max: number };
  senders: { used: number; max: number };
  /** Settings by name, as `current_setting` says them. */
  settings: Record<string, string>;
}

/** The settings a restored copy needs to know, and those the checks look at. */
const wanted = [
  ...[
    'wal_level',
    'archive_mode',
    'max_connections',
    'max_worker_processes',
    'max_wal_senders',
    'max_replication_slots',
  ],
  ...['max_prepared_transactions', 'max_locks_per_transaction', 'shared_preload_libraries', 'synchronous_commit'],
  ...['synchronous_standby_names', 'max_slot_wal_keep_size', 'full_page_writes', 'fsync', 'port', 'summarize_wal'],
  ...[
    'unix_socket_directories',
    'data_directory',
    'config_file',
    'hba_file',
    'ident_file',
    'server_encoding',
    'lc_collate',
  ],
];

const functionsOf = (major: number) =>
  major >= 15
    ? ['pg_backup_start(text, boolean)', 'pg_backup_stop(boolean)']
    : ['pg_start_backup(text, boolean, boolean)', 'pg_stop_backup(boolean, boolean)'];

const core = `
  select s.system_identifier::text as "systemIdentifier", current_setting('server_version_num')::int as "versionNum",
    pg_is_in_recovery() as "inRecovery", c.timeline_id as "timeline",
    to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "now",
    case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end::text as "walLsn",
    i.bytes_per_wal_segment as "walSegmentSize", i.database_block_size as "pageSize",
    i.blocks_per_segment as "relationSegmentBlocks", i.data_page_checksum_version <> 0 as "dataChecksums",
    (select rolname from pg_roles where oid = 10) as "bootstrapUser",
    (select count(*)::int from pg_replication_slots) as slots, (select count(*)::int from pg_stat_replication) as senders
  from pg_control_system() s, pg_control_checkpoint() c, pg_control_init() i`;

const rights = `
  select rolname as "user", rolsuper as superuser, rolreplication as replication,
    rolsuper or pg_has_role('pg_read_all_settings', 'usage') as "readsAllSettings",
    (select bool_and(has_function_privilege(f::regprocedure, 'execute')) from unnest($1::text[]) f) as "mayBackUp"
  from pg_roles where rolname = current_user`;

const spaces = `
  select oid::text, spcname as name, pg_tablespace_location(oid) as location
  from pg_tablespace where pg_tablespace_location(oid) <> '' order by oid`;

interface CoreRow extends Omit<ServerFacts, 'slots' | 'senders' | 'major'> {
  slots: number;
  senders: number;
}

/** @throws HoldfastError `postgres_unreachable`, `postgres_rights`, `postgres_misconfigured` */
export async function serverFacts(client: pg.Client): Promise<ServerFacts> {
  try {
    const row = (await client.query<CoreRow>(core)).rows[0] as CoreRow;
    const major = Math.floor(row.versionNum / 10000);
    if (major < 13) {
      throw new HoldfastError(
        'postgres_misconfigured',
        `PostgreSQL ${major} is too old: 13 is the first supported one`,
      );
    }
    const settings = await readSettings(client);
    return {
      ...row,
      major,
      timeline: row.inRecovery ? row.timeline : await currentTimeline(client),
      dataDir: settings['data_directory'],
      settings,
      tablespaces: (await client.query(spaces)).rows,
      outsideConfig: await outsideConfig(client, settings),
      rights: (await client.query<RoleRights>(rights, [functionsOf(major)])).rows[0] as RoleRights,
      slots: { used: row.slots, max: Number(settings['max_replication_slots']) },
      senders: { used: row.senders, max: Number(settings['max_wal_senders']) },
    };
  } catch (error) {
    throw connectionError(error);
  }
}

/** The control file's timeline is that of the last checkpoint: just after a promotion it is the old one. */
async function currentTimeline(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ name: string }>('select pg_walfile_name(pg_current_wal_lsn()) as name');
  return Number.parseInt(rows[0]?.name.slice(0, 8) ?? '', 16);
}

async function readSettings(client: pg.Client): Promise<Record<string, string>> {
  const sql = 'select name, current_setting(name) as value from pg_settings where name = any($1)';
  const { rows } = await client.query<{ name: string; value: string }>(sql, [wanted]);
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
}

/** Files that a copy of the data directory does not hold (Debian keeps all of them in /etc). */
async function outsideConfig(client: pg.Client, settings: Record<string, string>): Promise<string[]> {
  const sql = 'select distinct sourcefile from pg_settings where sourcefile is not null';
  const { rows } = await client.query<{ sourcefile: string }>(sql);
  const files = [
    settings['config_file'],
    settings['hba_file'],
    settings['ident_file'],
    ...rows.map((one) => one.sourcefile),
  ];
  const inside = `${settings['data_directory']}/`;
  const outside = files.filter(
    (file): file is string => !!file && !!settings['data_directory'] && !file.startsWith(inside),
  );
  return [...new Set(outside)].sort();
}
