/** What an S3 service or the way to it can answer, in the words of the catalogue. */
import { type ErrorCode, HoldfastError, isHoldfastError } from '../../domain/errors';
import { isAbort } from './dir-files';

interface Answer {
  name: string;
  status?: number;
}

function answerOf(error: unknown): Answer {
  if (typeof error !== 'object' || error === null) return { name: String(error) };
  const { name, code, $metadata } = error as { name?: string; code?: string; $metadata?: { httpStatusCode?: number } };
  return { name: (name === 'Error' ? code : name) ?? 'an error', status: $metadata?.httpStatusCode };
}

/** A conditional put that lost: 412, or by its name. */
export function isTaken(error: unknown): boolean {
  const { name, status } = answerOf(error);
  return status === 412 || name === 'PreconditionFailed';
}

/** 409: another conditional put of the same key was under way; the answer comes with the next attempt. */
export function isConflict(error: unknown): boolean {
  const { name, status } = answerOf(error);
  return status === 409 || name === 'ConditionalRequestConflict' || name === 'OperationAborted';
}

/** The service or the way to it is in trouble: the next attempt may succeed. */
export function isPassing(error: unknown): boolean {
  const told = s3Error(error, '');
  return isHoldfastError(told) && told.code === 'store_unavailable';
}

export function isAbsent(error: unknown): boolean {
  const { name, status } = answerOf(error);
  return name === 'NoSuchKey' || name === 'NotFound' || (status === 404 && name !== 'NoSuchBucket');
}

/** A range that begins behind the end of the object. */
export function isBehindEnd(error: unknown): boolean {
  const { name, status } = answerOf(error);
  return status === 416 || name === 'InvalidRange';
}

/** Somebody asked for the object before: it is on its way. */
export function isAlreadyThawing(error: unknown): boolean {
  return answerOf(error).name === 'RestoreAlreadyInProgress';
}

const byName: Record<string, ErrorCode> = {
  BadDigest: 'checksum_mismatch',
  InvalidDigest: 'checksum_mismatch',
  XAmzContentChecksumMismatch: 'checksum_mismatch',
  XAmzContentSHA256Mismatch: 'checksum_mismatch',
  NoSuchBucket: 'store_denied',
  CredentialsProviderError: 'store_denied',
  InvalidObjectState: 'object_frozen',
  QuotaExceeded: 'store_full',
  EntityTooLarge: 'store_denied',
  XMinioStorageFull: 'store_full',
};

const hints: Partial<Record<ErrorCode, string>> = {
  store_denied: 'check bucket, region, credentials and their rights',
  store_full: 'make room in the store',
  object_frozen: 'it lies in an archive class: `holdfast restore` asks for it to be thawed, and waits',
  store_unavailable: 'check that the endpoint is up and can be reached from this host',
};

/** Of a program, not of a store. */
const mistakes = new Set(['TypeError', 'ReferenceError', 'RangeError']);

export function s3Error(error: unknown, where: string): unknown {
  if (isHoldfastError(error) || isAbort(error)) return error;
  const { name, status } = answerOf(error);
  if (mistakes.has(name)) return error;
  if (isAbsent(error)) {
    return new HoldfastError('object_not_found', 'the object is not in the store', { where, cause: error });
  }
  const code = byName[name] ?? byStatus(status);
  const answer = status === undefined ? name : `${name} (${status})`;
  const message =
    code === 'checksum_mismatch'
      ? 'the bytes that arrived at the store are not those that were meant'
      : `the store answered ${answer}`;
  const hint = hints[code];
  return new HoldfastError(code, message, { where, hints: hint === undefined ? [] : [hint], cause: error });
}

function byStatus(status: number | undefined): ErrorCode {
  if (status === 507) return 'store_full';
  if (status === undefined || status >= 500 || status === 429 || status === 408 || status === 409) {
    return 'store_unavailable';
  }
  return 'store_denied';
}
