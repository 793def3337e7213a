/**
 * Makes the server's commits wait for a receiver, and lets them go again, by `synchronous_standby_names`.
 *
 * Guaranteed: both may be done any number of times and end in the same state; once `readCommitWait` says `waiting`, every commit that
 * begins from then on waits for the receiver; standbys of the user's stay named (`standby-names.ts`).
 * Not guaranteed: that nobody else changes the setting later. Whoever relies on it looks again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { HoldfastError } from '../../../domain/errors';
import { connectionError } from '../connection';
import { isNamed, withoutStandby, withStandby } from './standby-names';

export interface CommitWait {
  /** The receiver is among those in `synchronous_standby_names`: commits wait for it, or will when the server has taken notice. */
  named: boolean;
  /** … it is connected, and the server has taken notice. */
  waiting: boolean;
  /** The receiver is connected and hardly behind: commits would not wait long. */
  near: boolean;
  /** It has said something within the last seconds. */
  alive: boolean;
}

const nearBytes = 16 * 1024 * 1024;
/** Between this session's notice of a change and everybody else's. */
const noticeMs = 50;

// Commits wait when the checkpointer has told all others so; when it idles, it has heard of every change before.
const look = `
  select current_setting('synchronous_standby_names') as names,
    coalesce(bool_or(sync_state in ('sync', 'quorum')), false) as attached,
    coalesce(bool_or(state = 'streaming' and pg_wal_lsn_diff(sent_lsn, flush_lsn) < ${nearBytes}), false) as near,
    coalesce((select wait_event in ('CheckpointerMain', 'CheckpointWriteDelay') from pg_stat_activity
      where backend_type = 'checkpointer'), true) as heard,
    (select array_agg(name) from (select lower(application_name) as name from pg_stat_replication group by 1
      having count(*) > 1) twice) as twice,
    coalesce(bool_or(reply_time > clock_timestamp() - interval '5 seconds'), false) as alive
  from pg_stat_replication where lower(application_name) = lower($1)`;

interface Row {
  names: string;
  attached: boolean;
  near: boolean;
  alive: boolean;
  heard: boolean;
  twice: string[] | null;
}

/** @throws HoldfastError `postgres_unreachable`, `postgres_rights` */
export async function readCommitWait(client: pg.Client, receiver: string): Promise<CommitWait> {
  const { names, attached, heard, near, alive } = await rowOf(client, receiver);
  const named = isNamed(names, receiver);
  return { named, near, alive, waiting: named && attached && heard };
}

/**
 * What can be refused is refused before anything is changed.
 * @throws HoldfastError `postgres_misconfigured`, `postgres_rights`, `postgres_unreachable`
 */
export async function makeCommitsWait(client: pg.Client, receiver: string): Promise<void> {
  const { names, twice } = await rowOf(client, receiver);
  const both = twice?.find((name) => isNamed(names, name));
  if (both !== undefined) {
    throw new HoldfastError('postgres_misconfigured', `two standbys are connected under the name "${both}"`, {
      where: `synchronous_standby_names = '${names}'`,
      hints: ['one of them could confirm in place of the stores: give each its own application_name or cluster_name'],
    });
  }
  const wanted = withStandby(names, receiver);
  if (wanted !== names && !(await change(client, setTo(wanted), (now) => isNamed(now, receiver)))) throw outweighed();
}

/** Returns whether anything had to be changed. @throws HoldfastError `postgres_rights`, `postgres_unreachable` */
export async function letCommitsGo(client: pg.Client, receiver: string): Promise<boolean> {
  const { names: inForce } = await rowOf(client, receiver);
  const names = isNamed(inForce, receiver) ? inForce : await written(client);
  if (!isNamed(names, receiver)) return false;
  const gone = (now: string) => !isNamed(now, receiver);
  const wanted = withoutStandby(names, receiver);
  // Nobody else: whatever another file of the configuration says holds again. Where that names us too, an empty value outweighs it.
  if (wanted === '' && (await change(client, 'reset synchronous_standby_names', gone))) return true;
  if (!(await change(client, setTo(wanted), gone))) throw outweighed();
  return true;
}

function outweighed(): HoldfastError {
  return new HoldfastError('postgres_misconfigured', 'a change of synchronous_standby_names does not take effect', {
    hints: ['it is set on the command line of the server, which outweighs every file: take it out there'],
  });
}

/** What the server would take on at its next reload: somebody may have died between writing it and asking for that. */
async function written(client: pg.Client): Promise<string> {
  const may = `select has_table_privilege('pg_file_settings', 'select')
    and has_function_privilege('pg_show_all_file_settings()', 'execute') as may`;
  if (!(await client.query<{ may: boolean }>(may)).rows[0]?.may) return '';
  const sql = `select setting from pg_file_settings where name = 'synchronous_standby_names' order by seqno desc limit 1`;
  return (await client.query<{ setting: string | null }>(sql)).rows[0]?.setting ?? '';
}

function setTo(names: string): string {
  return `set synchronous_standby_names = '${names.replaceAll("'", "''")}'`;
}

/** Returns whether this session sees the change soon. */
async function change(client: pg.Client, what: string, done: (names: string) => boolean): Promise<boolean> {
  await order(client, `alter system ${what}`);
  await order(client, 'select pg_reload_conf()');
  for (const end = Date.now() + 2000; Date.now() < end; await sleep(10)) {
    const { rows } = await client.query<{ names: string }>(
      `select current_setting('synchronous_standby_names') as names`,
    );
    if (!done(rows[0]?.names ?? '')) continue;
    await sleep(noticeMs);
    return true;
  }
  return false;
}

async function rowOf(client: pg.Client, receiver: string): Promise<Row> {
  try {
    return (await client.query<Row>(look, [receiver])).rows[0] as Row;
  } catch (error) {
    throw connectionError(error);
  }
}

async function order(client: pg.Client, text: string): Promise<void> {
  try {
    await client.query(text);
  } catch (error) {
    const known = connectionError(error);
    if (known.code !== 'postgres_rights') throw known;
    throw new HoldfastError('postgres_rights', `the role may not change synchronous_standby_names: ${known.message}`, {
      hints: [rightsHint],
      cause: error,
    });
  }
}

export const rightsHint =
  'use a superuser; or, from PostgreSQL 15 on: grant alter system on parameter synchronous_standby_names, and grant execute on function pg_reload_conf(), to the role';
