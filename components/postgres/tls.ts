/** libpq's `sslmode` and certificate files as TLS options (PostgreSQL manual, "SSL Support" of libpq). */
import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { HoldfastError } from '../../domain/errors';

/**
 * @param value a keyword's value, `''` when it has none
 * @param servername the host name that the server's certificate must be for
 * @returns false for a connection in the clear
 * @throws HoldfastError `config_invalid` for an unknown mode, `secret_unavailable` for a file that cannot be read
 */
export function tlsOptions(value: (keyword: string) => string, servername: string): ConnectionOptions | false {
  const mode = value('sslmode') || 'prefer';
  if (['disable', 'allow', 'prefer'].includes(mode)) return false;
  if (!['require', 'verify-ca', 'verify-full'].includes(mode)) {
    throw new HoldfastError('config_invalid', 'the connection string has an unknown sslmode');
  }
  const rootFile = value('sslrootcert');
  const files: ConnectionOptions = {
    ...(rootFile && rootFile !== 'system' ? { ca: read(rootFile) } : {}),
    ...(value('sslcert') ? { cert: read(value('sslcert')) } : {}),
    ...(value('sslkey') ? { key: read(value('sslkey')) } : {}),
  };
  // As libpq: `require` with a root certificate at hand means `verify-ca`.
  if (mode === 'require' && !rootFile) return { ...files, rejectUnauthorized: false };
  if (mode === 'verify-full') return { ...files, servername };
  return { ...files, checkServerIdentity: () => undefined };
}

function read(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new HoldfastError('secret_unavailable', 'a TLS file of the connection cannot be read', {
      where: file,
      cause: error,
    });
  }
}
