/**
 * Proves that a restored server works: it is the right system, every database opens and its catalog can be read, the user's own
 * probes hold, and, where asked for, `pg_amcheck` finds every table and index sound.
 */
import type pg from 'pg';
import { HoldfastError } from '../../domain/errors';
import { type AmcheckRequest, amcheck } from './amcheck';
import { connectionError, withClient } from './connection';

export interface ValidateRequest {
  connection: pg.ClientConfig;
  systemIdentifier: string;
  /** SQL that must succeed; where its first value is a boolean, that must be true. Run in `probeDatabase`. */
  probes: string[];
  /** Default `postgres`. */
  probeDatabase?: string;
  /** Looks at every page of every table and index; databases without the extension `amcheck` are left out. */
  amcheck?: Pick<AmcheckRequest, 'tools' | 'owner' | 'install'>;
  signal?: AbortSignal;
}

export interface Validation {
  databases: string[];
  relations: number;
  probes: number;
  /** Whether it was asked for and could be asked. */
  amcheck: boolean;
}

/** @throws HoldfastError `validation_failed`, naming the database or the number of the probe */
export async function validate(request: ValidateRequest): Promise<Validation> {
  const { connection } = request;
  const databases = await withClient(connection, (client) => identity(client, request.systemIdentifier));
  let relations = 0;
  for (const database of databases) {
    request.signal?.throwIfAborted();
    relations += await withClient({ ...connection, database }, readCatalog).catch((error: unknown) => {
      throw failed(`database "${database}" cannot be read: ${connectionError(error).message}`, error);
    });
  }
  await runProbes(request);
  const judged =
    request.amcheck !== undefined && (await amcheck({ ...request.amcheck, connection, signal: request.signal }));
  return { databases, relations, probes: request.probes.length, amcheck: judged };
}

async function identity(client: pg.Client, expected: string): Promise<string[]> {
  const { rows } = await client.query(
    'select system_identifier::text as id, pg_is_in_recovery() as recovering from pg_control_system()',
  );
  const { id, recovering } = rows[0] as { id: string; recovering: boolean };
  if (id !== expected) throw failed(`the server is system ${id}, expected was ${expected}`);
  if (recovering) throw failed('the server is still in recovery');
  const databases = await client.query<{ datname: string }>(
    'select datname from pg_database where datallowconn order by oid',
  );
  return databases.rows.map((one) => one.datname);
}

/** Every catalog row once, and the first page of every table that has one. */
async function readCatalog(client: pg.Client): Promise<number> {
  await client.query('set statement_timeout = 0');
  await client.query('select count(a.*), count(t.*) from pg_attribute a, pg_type t where a.atttypid = t.oid');
  const { rows } = await client.query<{ name: string }>(
    `select oid::regclass::text as name from pg_class where relkind in ('r', 'm', 't') and relpersistence = 'p'`,
  );
  for (const { name } of rows) await client.query(`select 1 from ${name} limit 1`);
  return rows.length;
}

async function runProbes({ connection, probes, probeDatabase = 'postgres', signal }: ValidateRequest): Promise<void> {
  if (probes.length === 0) return;
  await withClient({ ...connection, database: probeDatabase }, async (client) => {
    for (const [at, sql] of probes.entries()) {
      signal?.throwIfAborted();
      const result = await client.query<unknown[]>({ text: sql, rowMode: 'array' }).catch((error: unknown) => {
        throw failed(`probe ${at + 1} failed: ${(error as Error).message}`, error);
      });
      if (result.rows[0]?.[0] === false) throw failed(`probe ${at + 1} came back false`);
    }
  });
}

function failed(message: string, cause?: unknown): HoldfastError {
  return new HoldfastError('validation_failed', message, { cause });
}
