/** Whether a server's commits can be made to wait for a receiver: asked by `doctor`, and by the receiver before it changes anything. */
import type pg from 'pg';
import type { WalMode } from '../../../domain/config/types';
import { HoldfastError, isErrorCode, reportError } from '../../../domain/errors';
import type { Finding } from '../check';
import { readCommitWait, rightsHint } from './commit-wait';
import { withStandby } from './standby-names';

interface Facts {
  standby: boolean;
  synchronousCommit: string;
  names: string;
  mayAlter: boolean;
}

const look = `
  select pg_is_in_recovery() as standby, current_setting('synchronous_standby_names') as names,
    (select reset_val from pg_settings where name = 'synchronous_commit') as "synchronousCommit",
    (select rolsuper from pg_roles where rolname = current_user)`;

// Before PostgreSQL 15 only a superuser may.
const granted = `
    or (has_parameter_privilege('synchronous_standby_names', 'alter system')
      and has_function_privilege('pg_reload_conf()', 'execute'))`;

export async function checkMode(client: pg.Client, mode: WalMode, receiver: string): Promise<Finding[]> {
  if (mode === 'async') return await leftBehind(client, receiver);
  const { rows } = await client.query<{ num: string }>(`select current_setting('server_version_num') as num`);
  const sql = `${look}${Number(rows[0]?.num) >= 150_000 ? granted : ''} as "mayAlter"`;
  const facts = (await client.query<Facts>(sql)).rows[0] as Facts;
  const problems = [
    ...onStandby(facts, mode),
    ...waitOf(facts, mode),
    ...combined(facts, receiver),
    ...rightsOf(facts),
  ];
  if (problems.length > 0) return problems;
  return [{ code: 'wal_mode', level: 'ok', what: `commits can be made to wait for the stores (mode ${mode})` }];
}

/** @throws HoldfastError what `doctor` would tell first */
export async function refuseMode(client: pg.Client, mode: WalMode, receiver: string): Promise<void> {
  const worst = (await checkMode(client, mode, receiver)).find(({ level }) => level === 'error');
  if (!worst) return;
  const code = isErrorCode(worst.code) ? worst.code : 'postgres_misconfigured';
  throw new HoldfastError(code, worst.what, {
    where: `mode ${mode}`,
    hints: worst.hint === undefined ? [] : [worst.hint],
  });
}

/** Of another mode, by a shipper that was killed. */
async function leftBehind(client: pg.Client, receiver: string): Promise<Finding[]> {
  if (!(await readCommitWait(client, receiver)).named) return [];
  const what =
    'commits wait for the stores, though the mode is async: synchronous_standby_names still names the shipper';
  return [{ code: 'wal_mode', level: 'warning', what, hint: 'start the shipper: it lets them go' }];
}

function onStandby({ standby }: Facts, mode: WalMode): Finding[] {
  if (!standby) return [];
  const what = `the server is a standby: commits are made on its primary, and cannot wait for what is shipped from here (mode ${mode})`;
  return [problem('standby', what, 'name the primary in the connection, or set mode async')];
}

function waitOf({ synchronousCommit }: Facts, mode: WalMode): Finding[] {
  const hint = `alter system set synchronous_commit = 'on'; single sessions may still ask for something else`;
  if (synchronousCommit === 'remote_apply') {
    const what =
      'synchronous_commit is remote_apply for every session: stores keep WAL and apply none, so nothing it promises can be kept';
    return [problem('remote_apply', what, hint)];
  }
  if (synchronousCommit !== 'off' && synchronousCommit !== 'local') return [];
  const what = `synchronous_commit is ${synchronousCommit}: commits wait for no standby, and mode ${mode} would promise what is not kept`;
  return [problem('synchronous_commit', what, hint)];
}

function combined({ names }: Facts, receiver: string): Finding[] {
  try {
    withStandby(names, receiver);
    return [];
  } catch (error) {
    const { code, message, where, hints } = reportError(error);
    return [problem(code, `${message} (${where})`, hints[0] ?? '')];
  }
}

function rightsOf({ mayAlter }: Facts): Finding[] {
  if (mayAlter) return [];
  return [problem('postgres_rights', 'the role may not change synchronous_standby_names', rightsHint)];
}

function problem(code: string, what: string, hint: string): Finding {
  return { code, level: 'error', what, hint };
}
