/**
 * The one catalogue of errors. Every failure a user can meet has a stable `code`, says whether trying again can help,
 * and which exit code a command that ends with it has (0 done · 1 failed · 2 could not run · 130 aborted).
 *
 * Messages are lower-case sentences without a full stop; what to do about it goes into `hints`. Never put a secret, a
 * connection string or file contents into either.
 */
interface ErrorKind {
  /** Exit code of a command that ends with this error. */
  exit: 1 | 2 | 130;
  /** Whether the same call may succeed later without anybody changing anything. */
  retryable: boolean;
}

const failed: ErrorKind = { exit: 1, retryable: false };
const refused: ErrorKind = { exit: 2, retryable: false };
const transient: ErrorKind = { exit: 1, retryable: true };

export const catalogue = {
  // usage and configuration
  usage: refused,
  config_not_found: refused,
  config_invalid: refused,
  secret_unavailable: refused,
  engine_unavailable: refused,
  engine_busy: refused,
  missing_part: refused,
  confirmation_required: refused,
  already_running: refused,
  procedure_not_found: refused,
  timed_out: failed,
  aborted: { exit: 130, retryable: false },

  // store and repository
  store_unavailable: transient,
  store_full: failed,
  store_denied: failed,
  store_lost_write: failed,
  lock_unsupported: refused,
  object_locked: failed,
  object_frozen: failed,
  object_not_found: failed,
  object_exists: failed,
  repository_format: refused,
  key_invalid: refused,
  key_wrong: refused,
  key_unavailable: transient,
  key_still_needed: refused,
  checksum_mismatch: failed,
  invalid_backup: failed,
  backup_not_found: refused,
  backup_unusable: refused,
  chain_broken: failed,
  catalog_damaged: failed,
  copies_missing: failed,

  // sources
  postgres_unreachable: transient,
  postgres_misconfigured: refused,
  postgres_rights: refused,
  wrong_data_directory: refused,
  wrong_system: refused,
  wrong_version: refused,
  tools_not_found: refused,
  backup_session_lost: failed,
  page_corrupt: failed,
  source_unreadable: failed,
  wal_gap: failed,
  wal_conflict: failed,
  wal_not_stored: failed,
  slot_lost: failed,
  slot_busy: failed,
  fenced: failed,

  // restore
  timestamp_out_of_range: refused,
  target_invalid: refused,
  target_not_found: refused,
  timeline_unreachable: refused,
  target_not_empty: refused,
  target_in_use: refused,
  target_full: refused,
  unsafe_path: failed,
  tablespace_conflict: refused,
  placing_still_alive: transient,
  database_restore_failed: failed,
  config_restore_failed: failed,
  logs_restore_failed: failed,
  log_apply_failed: failed,
  restore_failed: failed,
  validation_failed: failed,
  service_stop_failed: failed,
  service_start_failed: failed,
  undo_failed: failed,

  // retention
  clocks_disagree: refused,
  listing_incomplete: refused,
  retention_unsafe: refused,

  // notifications
  notification_failed: transient,
  notification_refused: failed,

  // later procedures (names kept from the specification)
  recovery_failed: failed,
  recovery_not_found: refused,
  rotation_policy_not_found: refused,
  framework_not_found: refused,

  // recovery tests and samples
  recovery_test_not_run: refused,

  internal: failed,
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof catalogue;

export interface ErrorDetails {
  /** Where it happened: a path, key, `file:line`, step or host. */
  where?: string;
  /** What the reader can do about it, one sentence each. */
  hints?: string[];
  cause?: unknown;
}

/** An error a user can meet: code from {@link catalogue}, message, where, hints. */
export class HoldfastError extends Error {
  override readonly name = 'HoldfastError';
  readonly code: ErrorCode;
  readonly where?: string;
  readonly hints: string[];

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.where = details.where;
    this.hints = details.hints ?? [];
  }

  get retryable(): boolean {
    return catalogue[this.code].retryable;
  }

  get exitCode(): number {
    return catalogue[this.code].exit;
  }
}

/** What is printed, put into JSON and carried through Temporal: an error without its stack. */
export interface ErrorReport {
  code: ErrorCode;
  message: string;
  where?: string;
  hints: string[];
}

export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(catalogue, code);
}

/** The report of anything thrown; an error that is not ours becomes `internal` with its message. */
export function reportError(error: unknown): ErrorReport {
  if (isHoldfastError(error)) {
    return { code: error.code, message: error.message, where: error.where, hints: error.hints };
  }
  return { code: 'internal', message: error instanceof Error ? error.message : String(error), hints: [] };
}

/** By brand and not by `instanceof`: an error may come from another copy of this module (a worker thread, a jest realm). */
export function isHoldfastError(error: unknown): error is HoldfastError {
  return error instanceof Error && error.name === 'HoldfastError' && 'code' in error;
}

/** Another writer has taken over: nothing is to be tried again. */
export function isFenced(error: unknown): boolean {
  return isHoldfastError(error) && error.code === 'fenced';
}
