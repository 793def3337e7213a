/**
 * libpq's connection strings for `pg`, which takes them for a database name (PostgreSQL manual, "Connection Strings"): keyword
 * strings (`host=/run/postgresql user=postgres`), URIs, and the PG* environment for what they leave out.
 *
 * Guaranteed: no error message holds a value of the string. Not supported, and refused by name: several hosts, `service`,
 * Kerberos. `sslmode` `allow` and `prefer` mean no TLS: name `require` or better where it is wanted.
 */
import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import path from 'node:path';
import type { ClientConfig } from 'pg';
import { HoldfastError } from '../../domain/errors';
import { passwordFrom } from './passfile';
import { tlsOptions } from './tls';

export type ConnectionKeywords = Record<string, string>;

/** Keyword → environment variable that fills it in. Those with an empty name have none. */
const keywords: Record<string, string> = {
  host: 'PGHOST',
  hostaddr: 'PGHOSTADDR',
  port: 'PGPORT',
  dbname: 'PGDATABASE',
  user: 'PGUSER',
  password: '', // `pg` itself looks at PGPASSWORD and the password file
  passfile: 'PGPASSFILE',
  application_name: 'PGAPPNAME',
  fallback_application_name: '',
  connect_timeout: 'PGCONNECT_TIMEOUT',
  options: 'PGOPTIONS',
  client_encoding: 'PGCLIENTENCODING',
  sslmode: 'PGSSLMODE',
  sslrootcert: 'PGSSLROOTCERT',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
};
/** libpq knows them; leaving them out changes nothing that matters here. */
const ignored = new Set([
  ...['keepalives', 'keepalives_idle', 'keepalives_interval', 'keepalives_count', 'tcp_user_timeout', 'gssencmode'],
  ...['channel_binding', 'target_session_attrs', 'sslcompression', 'sslsni', 'ssl_min_protocol_version', 'requirepeer'],
  ...['ssl_max_protocol_version', 'load_balance_hosts', 'sslnegotiation', 'require_auth', 'sslcertmode'],
]);
const refusedHints: Record<string, string> = {
  service: 'write the settings of the service into the connection string',
  replication: 'leave it out: replication connections are opened where they are needed',
};

/**
 * The keywords and values of a connection string or URI, without defaults.
 * @throws HoldfastError `config_invalid` when it is malformed or has an unknown keyword
 */
export function parseConninfo(text: string): ConnectionKeywords {
  const found = /^postgres(ql)?:\/\//.test(text) ? fromUri(text) : fromKeywordString(text);
  for (const name of Object.keys(found)) {
    if (name in keywords || ignored.has(name)) continue;
    throw new HoldfastError('config_invalid', `the connection string has the unsupported keyword "${name}"`, {
      hints: refusedHints[name] ? [refusedHints[name]] : [],
    });
  }
  return found;
}

/**
 * What `pg` needs to connect as libpq would. Keep it out of logs: it may hold a password.
 * @param text connection string or URI; empty: everything from the environment
 * @throws HoldfastError `config_invalid`
 */
export function clientConfig(text: string, env: NodeJS.ProcessEnv = process.env): ClientConfig {
  const given = parseConninfo(text);
  const value = (name: string) => given[name] || (keywords[name] ? env[keywords[name]] : '') || '';
  const host = value('hostaddr') || value('host');
  if (`${host}${value('port')}`.includes(',')) {
    throw new HoldfastError('config_invalid', 'the connection string names several hosts', {
      hints: ['name the one server that is to be backed up'],
    });
  }
  const port = Number(value('port') || 5432);
  if (!Number.isInteger(port) || port < 1 || port > 65535) malformed('the port is not a number between 1 and 65535');
  const user = value('user') || userInfo().username;
  const where = { host: host || defaultHost(port), port, user, database: value('dbname') || user };
  const timeout = Number(value('connect_timeout') || 10);
  return {
    ...where,
    ...password(given, where),
    ssl: where.host.startsWith('/') ? false : tlsOptions(value, value('host') || where.host),
    application_name: value('application_name') || value('fallback_application_name') || 'holdfast',
    ...(value('options') ? { options: value('options') } : {}),
    connectionTimeoutMillis: timeout > 0 ? Math.max(timeout, 2) * 1000 : 0,
    keepAlive: true,
  };
}

function password(
  given: ConnectionKeywords,
  where: { host: string; port: number; user: string; database: string },
): Pick<ClientConfig, 'password'> {
  if (given.password) return { password: given.password };
  return given.passfile ? { password: passwordFrom(given.passfile, where) } : {};
}

/** As libpq: the socket directory compiled in, which differs by distribution. */
function defaultHost(port: number): string {
  const directories = ['/var/run/postgresql', '/tmp'];
  return directories.find((one) => existsSync(path.join(one, `.s.PGSQL.${port}`))) ?? 'localhost';
}

const pair = /\s*([^\s=]+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'(?=\s|$)|((?:[^\s'\\]|\\.)(?:[^\s\\]|\\.)*)?(?=\s|$))/suy;

function fromKeywordString(text: string): ConnectionKeywords {
  const found: ConnectionKeywords = {};
  const whole = text.trimEnd();
  pair.lastIndex = 0;
  while (pair.lastIndex < whole.length) {
    const at = pair.lastIndex;
    const match = pair.exec(whole);
    if (!match) malformed(`the connection string is malformed at character ${at + 1}: expected keyword=value`);
    found[match[1] as string] = (match[2] ?? match[3] ?? '').replace(/\\(.)/gsu, '$1');
  }
  return found;
}

const uriForm = /^postgres(?:ql)?:\/\/(?:([^:@/?#]*)(?::([^@/?#]*))?@)?([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/;

function fromUri(text: string): ConnectionKeywords {
  const match = uriForm.exec(text);
  if (!match) malformed('the connection URI is malformed');
  const [, user, secret, authority = '', dbname, query] = match;
  const at = /^(\[[^\]]*\]|[^:]*)(?::(\d*))?$/.exec(authority);
  const found: ConnectionKeywords = {};
  const put = (name: string, value: string | undefined) => {
    if (value) found[name] = decoded(value);
  };
  put('user', user);
  put('password', secret);
  put('host', at ? at[1]?.replace(/^\[|\]$/g, '') : authority);
  put('port', at?.[2]);
  put('dbname', dbname);
  for (const part of query?.split('&') ?? []) {
    const [name = '', value] = part.split('=', 2);
    if (value === undefined) malformed('the connection URI has a parameter without a value');
    put(decoded(name), value);
  }
  return found;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return malformed('the connection URI has a malformed percent-escape');
  }
}

function malformed(message: string): never {
  throw new HoldfastError('config_invalid', message, {
    hints: ['for example "host=/run/postgresql user=postgres" or postgresql://user@host:5432/postgres'],
  });
}
