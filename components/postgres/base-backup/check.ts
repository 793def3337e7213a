/**
 * Whether a server can be backed up over the protocol: as `../check.ts` asks it of a data directory. The role needs REPLICATION and a
 * line of `pg_hba.conf` for the pseudo-database "replication"; with `pg_monitor` the backup also knows what a restore would like to know.
 */
import type pg from 'pg';
import { reportError } from '../../../domain/errors';
import {
  type CheckedShipping,
  capacity,
  type OwnUse,
  ownUse,
  type PostgresCheck,
  quoted,
  tools,
  walSettings,
} from '../check';
import { connect, disconnect } from '../connection';
import { error, type Finding, ok } from '../finding';
import { type ServerFacts, serverFacts } from '../server';
import { ReplicationConnection } from '../wal/replication';
import { streamFailure } from './failures';

export async function checkStreamed(
  config: pg.ClientConfig,
  { slot, source = 'slot' }: CheckedShipping = {},
): Promise<PostgresCheck> {
  let client: pg.Client | undefined;
  try {
    client = await connect(config);
    const facts = await serverFacts(client);
    const use = await ownUse(client, slot);
    const findings = [
      ok('postgres_reachable', `PostgreSQL ${facts.major} answers as ${facts.rights.user}`),
      ...rightsOf(facts),
      // A standby may be the source: its WAL is the primary's.
      ...walSettings(facts, source).filter(({ code }) => code !== 'standby'),
      ...(source === 'slot' ? capacity(facts, use) : []),
      ...senderLeft(facts, use),
      ...(await replication(config)),
      ...(await tools(facts)),
    ];
    return { findings, facts };
  } catch (problem) {
    const { code, message, hints } = reportError(problem);
    return { findings: [{ code, level: 'error', what: message, hint: hints[0] }] };
  } finally {
    if (client) await disconnect(client);
  }
}

function rightsOf({ rights, major }: ServerFacts): Finding[] {
  const role = quoted(rights.user);
  const old = 'WAL is received from PostgreSQL 15 and later, and a base backup is worth nothing without its WAL';
  return [
    ...(major < 15 ? [error('wrong_version', old, 'use `method: files`, or a newer server')] : []),
    rights.replication || rights.superuser
      ? ok('replication_rights', 'the role may take a base backup and stream WAL')
      : error(
          'postgres_rights',
          'the role may neither take a base backup nor stream WAL',
          `alter role ${role} replication`,
        ),
    rights.readsAllSettings
      ? ok('settings_rights', 'the role sees every setting')
      : {
          code: 'settings_rights',
          level: 'warning',
          what: 'the role does not see every setting: preloaded libraries and configuration elsewhere are not recorded',
          hint: `grant pg_monitor to ${role}`,
        },
  ];
}

/** The base backup has a connection of its own beside the shipper's. */
function senderLeft({ senders: { used, max } }: ServerFacts, own: OwnUse): Finding[] {
  if (max - used > (own.sender ? 0 : 1)) return [];
  const hint = `alter system set max_wal_senders = ${max + 4}, then restart`;
  return [error('max_wal_senders', `no WAL sender of ${max} is left for a base backup`, hint)];
}

/** Rights to databases are not rights to replication: only trying tells. */
async function replication(config: pg.ClientConfig): Promise<Finding[]> {
  try {
    const connection = await ReplicationConnection.open(config, 'holdfast/look');
    await connection.close();
    return [ok('replication_connection', 'a replication connection is accepted')];
  } catch (problem) {
    const { code, message, hints } = streamFailure(problem);
    return [error(code, message, hints[0] ?? "look at the server's log")];
  }
}
