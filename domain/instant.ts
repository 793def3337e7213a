/**
 * Instants with microseconds, as PostgreSQL keeps them: a bigint of microseconds since 1970-01-01 UTC.
 * A `Date` would round a target to the millisecond and lose or gain commits.
 */
import { DateTime } from 'luxon';
import { HoldfastError } from './errors';

export type Micros = bigint;

const rfc3339 =
  /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}(?::\d{2})?)(?:(?<=:\d{2}:\d{2})\.(\d{1,9}))?\s*([Zz]|[+-]\d{2}(?::?\d{2})?)$/;
const zoned =
  /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}(?::\d{2})?)(?:(?<=:\d{2}:\d{2})\.(\d{1,9}))?\s*\[?([A-Za-z][A-Za-z0-9_+-]*(?:\/[A-Za-z0-9_+-]+)+|UTC)\]?$/;
const zoneless = /^\d{4}-\d{2}-\d{2}(?:[Tt ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?$/;

/**
 * Whether the text is meant as a time, be it one that {@link parseInstant} refuses with a hint (no zone, an abbreviation for one): what
 * begins with a date and an hour is nobody's restore point.
 */
export function looksLikeTime(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}(?:[Tt ]+\d|$)/.test(text);
}

/**
 * Reads RFC 3339 (`2026-03-29T02:30:00.123456+02:00`, a space for the `T` allowed) or a local time with a zone name
 * (`2026-03-29 01:30:00 Europe/Berlin`); seconds may be left out.
 * @throws HoldfastError `target_invalid` for a time without zone, one that does not exist, or one that exists twice
 */
export function parseInstant(text: string): Micros {
  const fixed = rfc3339.exec(text);
  if (fixed) return fromParts(text, fixed, DateTime.fromISO(`${fixed[1]}T${fixed[2]}${isoOffset(fixed[4] as string)}`));
  const named = zoned.exec(text);
  if (named) return fromParts(text, named, unambiguous(text, named));
  throw new HoldfastError('target_invalid', `"${text}" is not a time with a zone`, {
    hints: zoneless.test(text)
      ? ['say which zone is meant, for example 2026-11-22T14:30:00+00:00 or "2026-11-22 14:30:00 Europe/Berlin"']
      : ['write it as RFC 3339, for example 2026-11-22T14:30:00+00:00'],
  });
}

function isoOffset(offset: string): string {
  if (/^z$/i.test(offset)) return 'Z';
  return offset.length === 3 ? `${offset}:00` : offset;
}

function unambiguous(text: string, match: RegExpExecArray): DateTime {
  const zone = match[4] as string;
  const local = DateTime.fromISO(`${match[1]}T${match[2]}`, { zone });
  if (!local.isValid) return local;
  if (!local.toFormat('HH:mm:ss').startsWith(match[2] as string)) {
    throw new HoldfastError('target_invalid', `"${text}" does not exist: the clocks of ${zone} skipped it`, {
      hints: ['give the time with its offset, for example +01:00'],
    });
  }
  const possible = local.getPossibleOffsets();
  if (possible.length > 1) {
    throw new HoldfastError('target_invalid', `"${text}" happened twice in ${zone}`, {
      hints: possible.map((one) => `write ${one.toISO({ suppressMilliseconds: true })} if that one is meant`),
    });
  }
  return local;
}

function fromParts(text: string, match: RegExpExecArray, at: DateTime): Micros {
  if (!at.isValid) {
    throw new HoldfastError('target_invalid', `"${text}" is not a possible time`, {
      hints: ['check month, day, hour and zone'],
    });
  }
  const fraction = (match[3] ?? '').padEnd(6, '0').slice(0, 6);
  return BigInt(at.toSeconds()) * 1_000_000n + BigInt(fraction);
}

/** RFC 3339 in UTC with six digits: `2026-11-22T14:30:00.123456Z`. */
export function formatInstant(micros: Micros): string {
  const second = micros / 1_000_000n - (micros % 1_000_000n < 0n ? 1n : 0n);
  const rest = micros - second * 1_000_000n;
  const whole = new Date(Number(second) * 1000).toISOString().slice(0, 19);
  return `${whole}.${rest.toString().padStart(6, '0')}Z`;
}

/** The form PostgreSQL 15 accepts as `recovery_target_time`: never ending in `Z`. */
export function formatForPostgres(micros: Micros): string {
  return formatInstant(micros).replace('T', ' ').replace('Z', '+00:00');
}

/** PostgreSQL counts microseconds from 2000-01-01. */
const postgresEpoch = 946_684_800_000_000n;

export function fromPostgres(timestamp: bigint): Micros {
  return timestamp + postgresEpoch;
}

export function toPostgres(micros: Micros): bigint {
  return micros - postgresEpoch;
}

export function fromDate(date: Date): Micros {
  return BigInt(date.getTime()) * 1000n;
}
