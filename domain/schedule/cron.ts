/**
 * When a schedule fires, without a server: what `schedules diff` compares with, what `status` derives promises from, and what a year is
 * simulated with.
 *
 * Guaranteed: the same instants as Temporal's own schedules (`test/real/schedule-firings.test.ts` asks a server); day of month and day of week
 * must both match.
 * Not guaranteed: jitter, which is the server's secret; days of the week where clocks are set forward at midnight, which the server takes for
 * the day before; anything about what a run then does.
 */
import { Cron } from 'croner';

const names = {
  month: ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'],
  day: ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'],
};

interface Field {
  what: string;
  from: number;
  to: number;
  /** Names that stand for numbers, the first for `from`. */
  names?: string[];
}

const fields: Field[] = [
  { what: 'minute', from: 0, to: 59 },
  { what: 'hour', from: 0, to: 23 },
  { what: 'day of month', from: 1, to: 31 },
  { what: 'month', from: 1, to: 12, names: names.month },
  { what: 'day of week', from: 0, to: 7, names: names.day },
];

/** What is wrong with it, as `expected …`; undefined: it is right, here and for the server. */
export function cronProblem(text: string): string | undefined {
  const parts = text.trim().split(/\s+/);
  if (parts.length !== fields.length) return 'expected a cron schedule of five fields, for example "0 2 * * *"';
  for (const [at, field] of fields.entries()) {
    const wrong = parts[at]?.split(',').find((item) => !isRight(item, field));
    if (wrong !== undefined)
      return `expected numbers from ${field.from} to ${field.to}, ranges, lists or steps of a range for the ${field.what}, found "${wrong}"`;
  }
  return cron(text).nextRun(new Date(0)) === null ? 'expected a day that there is in some year' : undefined;
}

/** `5/10` means one thing here and another there: steps need their range. */
function isRight(item: string, field: Field): boolean {
  const [, range = '', step] = /^([^/]+)(?:\/(\d+))?$/.exec(item) ?? [];
  if (step !== undefined && Number(step) < 1) return false;
  if (range === '*') return true;
  const [first = '', last, ...rest] = range.split('-');
  if (rest.length > 0 || (step !== undefined && last === undefined)) return false;
  const from = numberOf(first, field);
  const to = last === undefined ? from : numberOf(last, field);
  return from !== undefined && to !== undefined && from <= to;
}

function numberOf(text: string, { from, to, names: words }: Field): number | undefined {
  const word = words?.indexOf(text.toUpperCase()) ?? -1;
  if (word >= 0) return word + from;
  const value = /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
  return value >= from && value <= to ? value : undefined;
}

/**
 * The first time that matches, later than `after`, by a clock that is never set: as if it were UTC.
 * @param before exclusive
 */
export function firstWallTime(text: string, after: number, before = Number.POSITIVE_INFINITY): number | undefined {
  const next = cron(text).nextRun(new Date(after))?.getTime();
  return next === undefined || next >= before ? undefined : next;
}

/** Reading a pattern takes longer than asking it, and there are few. */
const read = new Map<string, Cron>();

function cron(text: string): Cron {
  const known = read.get(text) ?? new Cron(text, { utcOffset: 0, domAndDow: true, mode: '5-part' });
  read.set(text, known);
  return known;
}
