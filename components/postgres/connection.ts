/** Connecting to a server, with the failures a user can mend told apart. */
import pg from 'pg';
import { type ErrorCode, HoldfastError } from '../../domain/errors';

/** A network that swallows everything raises no error: an idle connection asks by itself whether the other end is there. */
export const watchful: pg.ClientConfig = {
  connectionTimeoutMillis: 10_000,
  keepAlive: true,
  keepAliveInitialDelayMillis: 10_000,
};

/** For questions that a server answers at once, or not at all. */
export const brief: pg.ClientConfig = { query_timeout: 10_000 };

const farewellMs = 2000;

/**
 * A connected client. Its later loss raises no uncaught error: it shows as a failing query.
 * @throws HoldfastError `postgres_unreachable`, `postgres_rights` or `postgres_misconfigured`; no part of it holds the connection string
 */
export async function connect(config: pg.ClientConfig, overrides: pg.ClientConfig = {}): Promise<pg.Client> {
  const client = new pg.Client({ ...watchful, ...config, ...overrides });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return client;
  } catch (error) {
    await disconnect(client);
    throw connectionError(error);
  }
}

/** Connects, hands the client over, and closes it whatever happens. */
export async function withClient<T>(
  config: pg.ClientConfig,
  use: (client: pg.Client) => Promise<T>,
  overrides: pg.ClientConfig = {},
): Promise<T> {
  const client = await connect(config, overrides);
  try {
    return await use(client);
  } finally {
    await disconnect(client);
  }
}

/** Says goodbye, but waits for no answer from a server that the network has cut off: it may never come. */
export async function disconnect(client: pg.Client): Promise<void> {
  const timer = setTimeout(() => client.connection.stream.destroy(), farewellMs);
  await client.end().catch(() => undefined);
  clearTimeout(timer);
}

/** The catalogue's error for what `pg` threw while connecting or asking. */
export function connectionError(error: unknown): HoldfastError {
  if (error instanceof HoldfastError) return error;
  const { code = '', message = String(error) } = error as { code?: string; message?: string };
  const [kind, what, hints] = kindOf(code, message);
  return new HoldfastError(kind, what, { hints, cause: error });
}

function kindOf(code: string, message: string): [ErrorCode, string, string[]] {
  if (/peer authentication|ident authentication/i.test(message)) {
    return [
      'postgres_rights',
      message,
      ["map the agent's user in pg_ident.conf, or run the agent as the role's namesake"],
    ];
  }
  if (code.startsWith('28')) {
    return ['postgres_rights', message, ['check pg_hba.conf, and the password in the connection or its password file']];
  }
  if (code === '42501') {
    return ['postgres_rights', message, ["use a superuser, or see what doctor says about the role's rights"]];
  }
  if (code === '3D000')
    return ['postgres_misconfigured', message, ['name an existing database, for example dbname=postgres']];
  if (['57P03', '57P01', '57P02', '53300'].includes(code))
    return ['postgres_unreachable', `the server said: ${message}`, []];
  if (/SSL/.test(message)) return ['postgres_misconfigured', message, ['check sslmode in the connection']];
  return [
    'postgres_unreachable',
    `no connection to the server: ${code || message}`,
    ['is it running, at this host and port?'],
  ];
}
