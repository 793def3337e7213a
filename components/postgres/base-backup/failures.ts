/** What ends a base backup over the protocol: which endings a new attempt outlives, and which it would only meet again. */
import { HoldfastError, isHoldfastError } from '../../../domain/errors';
import { describeFailure, fatalFailure, sqlState } from '../wal/failures';

/** @param begun whether bytes had come already */
export function streamFailure(error: unknown, begun = false): HoldfastError {
  if (isHoldfastError(error)) return error;
  const state = sqlState(error);
  const message = error instanceof Error ? error.message : String(error);
  if (!begun) {
    // No connection, or none left (class 53: `max_wal_senders`), is worth another try.
    const fatal = fatalFailure(error);
    if (fatal) return fatal;
    return describeFailure(error);
  }
  // Class 57 is its shutdown, 55000 a standby that was promoted meanwhile.
  if (state === undefined || /^(08|57|55000)/.test(state)) return lost(message, error);
  return new HoldfastError('source_unreadable', `the server ended the base backup: ${message}`, {
    hints: ["the server's log says more"],
    cause: error,
  });
}

function lost(message: string, cause: unknown): HoldfastError {
  return new HoldfastError('backup_session_lost', `the base backup was cut off: ${message}`, {
    hints: ['the backup starts anew and reuses what it has stored'],
    cause,
  });
}
