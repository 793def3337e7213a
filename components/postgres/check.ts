/**
 * Whether a PostgreSQL component can be protected: what `doctor` prints and what a backup asks before it begins.
 * Finds everything at once and throws nothing: a server that cannot be reached is a finding too.
 */
import { accessSync, constants, realpathSync } from 'node:fs';
import type pg from 'pg';
import type { WalSource } from '../../domain/config/types';
import { reportError } from '../../domain/errors';
import { archiverFindings } from './archiver';
import { connect, disconnect } from './connection';
import { error, type Finding, ok } from './finding';
import { readControlFile } from './pg-control';
import { type ServerFacts, serverFacts } from './server';
import { findServerTools } from './tools';

export type { Finding } from './finding';

export interface PostgresCheck {
  findings: Finding[];
  /** Absent when the server was not reached. */
  facts?: ServerFacts;
}

export interface CheckedShipping {
  /** Of the component's own receiver: what that one uses is no lack. */
  slot?: string;
  source?: WalSource;
}

/** @param dataDir as configured; must be on this host */
export async function checkPostgres(
  config: pg.ClientConfig,
  dataDir: string,
  { slot, source = 'slot' }: CheckedShipping = {},
): Promise<PostgresCheck> {
  let client: pg.Client | undefined;
  try {
    client = await connect(config);
    const facts = await serverFacts(client);
    const findings = [
      ok('postgres_reachable', `PostgreSQL ${facts.major} answers as ${facts.rights.user}`),
      ...rightsOf(facts, source),
      ...walSettings(facts, source),
      ...(source === 'slot' ? capacity(facts, await ownUse(client, slot)) : await archiverFindings(client, slot)),
      ...(await dataDirectory(facts, dataDir)),
      ...(await tools(facts)),
    ];
    return { findings, facts };
  } catch (error) {
    const { code, message, hints } = reportError(error);
    return { findings: [{ code, level: 'error', what: message, hint: hints[0] }] };
  } finally {
    if (client) await disconnect(client);
  }
}

function rightsOf({ rights, major }: ServerFacts, source: WalSource): Finding[] {
  const role = quoted(rights.user);
  const functions =
    major >= 15
      ? 'pg_backup_start, pg_backup_stop'
      : 'pg_start_backup(text, boolean, boolean), pg_stop_backup(boolean, boolean)';
  return [
    rights.mayBackUp
      ? ok('backup_rights', 'the role may take a base backup')
      : error(
          'postgres_rights',
          'the role may not take a base backup',
          `grant execute on function ${functions} to ${role}`,
        ),
    rights.replication || rights.superuser || source === 'command'
      ? ok('replication_rights', source === 'slot' ? 'the role may stream WAL' : 'the role need not stream WAL')
      : error('postgres_rights', 'the role may not stream WAL', `alter role ${role} replication`),
    rights.readsAllSettings
      ? ok('settings_rights', 'the role sees every setting')
      : error('postgres_rights', 'the role does not see every setting', `grant pg_monitor to ${role}`),
  ];
}

export function walSettings({ settings, inRecovery }: ServerFacts, source: WalSource): Finding[] {
  const findings: Finding[] = [];
  findings.push(
    settings['wal_level'] === 'minimal'
      ? error(
          'wal_level',
          'wal_level is minimal: no WAL to replay',
          "alter system set wal_level = 'replica', then restart",
        )
      : ok('wal_level', `wal_level is ${settings['wal_level']}`),
  );
  if (inRecovery) {
    findings.push(error('standby', 'the server is a standby', 'name the primary in the connection'));
  }
  if (settings['synchronous_commit'] === 'remote_apply') {
    const hint = "alter system set synchronous_commit = 'on'; single sessions may still ask for remote_apply";
    findings.push(error('remote_apply', 'synchronous_commit is remote_apply for the whole server', hint));
  }
  for (const name of ['full_page_writes', 'fsync'] as const) {
    if (settings[name] !== 'off') continue;
    const what = name === 'fsync' ? 'fsync is off: a crash of the host loses the database' : 'full_page_writes is off';
    findings.push({ code: name, level: 'warning', what, hint: `alter system set ${name} = on` });
  }
  if (source === 'command') return findings;
  const kept = settings['max_slot_wal_keep_size'];
  findings.push(
    ok(
      'max_slot_wal_keep_size',
      kept === '-1'
        ? 'WAL that is not stored yet is kept without limit: watch the free space of the WAL directory'
        : `the server drops WAL that is not stored yet beyond ${kept}: the row of recovery points then has a gap`,
    ),
  );
  return findings;
}

export interface OwnUse {
  slot: boolean;
  sender: boolean;
}

export async function ownUse(client: pg.Client, slot: string | undefined): Promise<OwnUse> {
  const sql = 'select active as sender from pg_replication_slots where slot_name = $1';
  const { rows } = await client.query<{ sender: boolean }>(sql, [slot ?? '']);
  return { slot: rows.length > 0, sender: rows[0]?.sender === true };
}

export function capacity({ slots, senders }: ServerFacts, own: OwnUse): Finding[] {
  const full = (code: string, what: string, { used, max }: { used: number; max: number }, held: boolean): Finding =>
    used < max || held
      ? ok(code, `${max - used} of ${max} ${what} are free${held ? ', and the shipper has its own' : ''}`)
      : error(code, `none of ${max} ${what} is free`, `alter system set ${code} = ${max + 4}, then restart`);
  return [
    full('max_replication_slots', 'replication slots', slots, own.slot),
    full('max_wal_senders', 'WAL senders', senders, own.sender),
  ];
}

async function dataDirectory(facts: ServerFacts, dataDir: string): Promise<Finding[]> {
  try {
    const control = readControlFile(dataDir);
    if (control.systemIdentifier !== facts.systemIdentifier) {
      const what = `${dataDir} is the data of another system than the one that answers`;
      return [
        error('wrong_data_directory', what, `set dataDir to ${facts.dataDir ?? 'what "show data_directory" says'}`),
      ];
    }
    // A copy or a standby has the same identifier; only the server knows which of them it runs on.
    if (facts.dataDir && realpathSync(facts.dataDir) !== realpathSync(dataDir)) {
      const what = `${dataDir} is another copy of this system: the server runs on ${facts.dataDir}`;
      return [error('wrong_data_directory', what, `set dataDir to ${facts.dataDir}`)];
    }
    accessSync(dataDir, constants.R_OK | constants.X_OK);
    return [ok('data_directory', `${dataDir} belongs to this server and can be read`)];
  } catch (problem) {
    const { code, message, hints } = reportError(problem);
    const known = code === 'internal' ? 'source_unreadable' : code;
    return [error(known, message, hints[0] ?? "run the agent on the database's host, as its owner or as root")];
  }
}

export async function tools(facts: ServerFacts): Promise<Finding[]> {
  try {
    const found = await findServerTools(facts.major);
    return [ok('server_tools', `PostgreSQL ${found.version}'s programs are in ${found.binDir}`)];
  } catch (problem) {
    const { code, message, hints } = reportError(problem);
    return [{ code, level: 'warning', what: `${message}: nothing can be restored here`, hint: hints.at(-1) }];
  }
}

export function quoted(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}
