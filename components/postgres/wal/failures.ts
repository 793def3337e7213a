/** Which failures of a replication connection end the receiver, and which it outlives by connecting again. */
import { HoldfastError, isHoldfastError } from '../../../domain/errors';

/** SQLSTATE of an error PostgreSQL sent; undefined for everything else. */
export function sqlState(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/** "requested WAL segment … has already been removed" */
export function isWalRemoved(error: unknown): boolean {
  return sqlState(error) === '58P01';
}

/**
 * The error to end with, or undefined when connecting again may help. A server that is down, restarting or out of connections
 * comes back; a wrong password does not mend itself.
 */
export function fatalFailure(error: unknown): HoldfastError | undefined {
  if (isHoldfastError(error)) return error.retryable ? undefined : error;
  if (error instanceof Error && /^(Type|Range|Reference)Error$/.test(error.name) && !('code' in error)) {
    return new HoldfastError('internal', error.message, { cause: error });
  }
  const state = sqlState(error) ?? '';
  const message = error instanceof Error ? error.message : String(error);
  if (state.startsWith('28') || state === '42501') {
    return new HoldfastError('postgres_rights', `the server refuses replication: ${message}`, {
      hints: ['the role needs the REPLICATION attribute, and pg_hba.conf a line for the database "replication"'],
      cause: error,
    });
  }
  if (state === '42601' || state === '42704') {
    return new HoldfastError('wrong_version', `the server does not know what the receiver asks: ${message}`, {
      hints: ['WAL is received from PostgreSQL 15 and later'],
      cause: error,
    });
  }
  if (state === '53400' || state === '55000') {
    return new HoldfastError('postgres_misconfigured', `the server cannot replicate: ${message}`, {
      hints: ['check wal_level (replica or logical) and max_replication_slots'],
      cause: error,
    });
  }
  return undefined;
}

/** A failure to tell people about while connecting is tried again. Never holds a connection string. */
export function describeFailure(error: unknown): HoldfastError {
  if (isHoldfastError(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new HoldfastError('postgres_unreachable', `the replication connection failed: ${message}`, { cause: error });
}
