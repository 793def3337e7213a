/** PostgreSQL's own judge of tables and indexes, and what to do where it is not installed. */
import type pg from 'pg';
import { HoldfastError } from '../../domain/errors';
import { withClient } from './connection';
import { type Owner, runAs } from './owner';
import type { ServerTools } from './tools';

export interface AmcheckRequest {
  tools: ServerTools;
  owner: Owner;
  connection: pg.ClientConfig;
  /** On a copy that nobody uses the extension may be made where it is missing. */
  install?: boolean;
  signal?: AbortSignal;
}

/** Every page of every table and index. @returns false when there is nothing to ask with @throws HoldfastError `validation_failed` */
export async function amcheck({ tools, owner, connection, install, signal }: AmcheckRequest): Promise<boolean> {
  const program = tools.find('pg_amcheck');
  if (program === undefined) return false;
  const { host, port, user } = connection;
  const where = ['-h', String(host), '-p', String(port), '-U', String(user)];
  const args = ['--all', '--heapallindexed', ...(install ? ['--install-missing'] : []), ...where];
  const { code, stdout, stderr } = await runAs(owner, program, args, { signal });
  if (code === 0) return true;
  const text = `${stdout}\n${stderr}`.trim();
  if (/no relations to check|amcheck is not installed|extension "amcheck" is not available|amcheck\.control/.test(text))
    return false;
  throw new HoldfastError('validation_failed', `pg_amcheck found damage: ${text.split('\n').slice(0, 5).join('; ')}`);
}

/** Reads every row of every table, and every large object. @returns how many tables @throws HoldfastError `validation_failed` */
export async function readEveryRow(
  connection: pg.ClientConfig,
  databases: string[],
  signal?: AbortSignal,
): Promise<number> {
  let tables = 0;
  for (const database of databases) {
    await withClient({ ...connection, database }, async (client) => {
      const { rows } = await client.query<{ name: string }>(
        `select oid::regclass::text as name from pg_class where relkind in ('r', 'm') and relpersistence = 'p'`,
      );
      for (const { name } of rows) {
        signal?.throwIfAborted();
        await client.query(`select sum(hashtext(t::text)::bigint) from ${name} t`).catch((cause: unknown) => {
          const told = `table ${name} of "${database}" cannot be read: ${(cause as Error).message}`;
          throw new HoldfastError('validation_failed', told, { cause });
        });
        tables += 1;
      }
    });
  }
  return tables;
}
