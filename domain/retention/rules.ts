/** What the rules of a tier keep of a row of backups. */
import { keptDays } from '../config/retention-days';
import type { KeepRules } from '../config/types-retention';
import type { Line } from './lineages';
import type { Ordered } from './order';
import type { Reason } from './types';

const hour = 3600_000;
const day = 24 * hour;

/** Of the age rules the longest, in milliseconds. */
export function keptAge(rules: KeepRules): number {
  return keptDays(rules) * day;
}

/** What of the line is kept, each by which rules. */
export function keptByRules({ list, holds }: Line, rules: KeepRules, now: number): [Ordered, Reason][] {
  const kept: [Ordered, Reason][] = [
    ...first(list, rules.last ?? 0).map((one): [Ordered, Reason] => [one, { kind: 'last' }]),
    ...young(list, keptAge(rules), now),
    ...first(list, fitting(list, rules.size)).map((one): [Ordered, Reason] => [one, { kind: 'size' }]),
    ...periods.flatMap(({ kind, of }) =>
      newestOfEach(list, of, rules[kind] ?? 0).map((one): [Ordered, Reason] => [one, { kind }]),
    ),
  ];
  return kept.filter(([one]) => holds(one));
}

function first(list: Ordered[], count: number): Ordered[] {
  return list.slice(0, count);
}

function young(list: Ordered[], age: number, now: number): [Ordered, Reason][] {
  const kept = age === 0 ? [] : list.filter(({ at }) => at + age > now);
  return kept.map((one) => [one, { kind: 'age', until: new Date(one.at + age).toISOString() }]);
}

/** How many of the newest fit. Without the rule none, also of those that store nothing: points at which no file had changed. */
function fitting(list: Ordered[], size: number | undefined): number {
  if (size === undefined) return 0;
  let bytes = 0;
  const beyond = list.findIndex(({ head }) => {
    bytes += head.storedBytes;
    return bytes > size;
  });
  return beyond < 0 ? list.length : beyond;
}

type Period = 'hourly' | 'daily' | 'weekly' | 'monthly' | 'yearly';

/** UTC; a week begins on Monday. */
const periods: { kind: Period; of: (at: number) => string }[] = [
  { kind: 'hourly', of: (at) => String(Math.floor(at / hour)) },
  { kind: 'daily', of: (at) => String(Math.floor(at / day)) },
  { kind: 'weekly', of: (at) => String(Math.floor((at / day + 3) / 7)) },
  { kind: 'monthly', of: (at) => new Date(at).toISOString().slice(0, 7) },
  { kind: 'yearly', of: (at) => new Date(at).toISOString().slice(0, 4) },
];

function newestOfEach(list: Ordered[], of: (at: number) => string, count: number): Ordered[] {
  const seen = new Set<string>();
  const kept: Ordered[] = [];
  for (const one of list) {
    if (seen.size === count) break;
    const period = of(one.at);
    if (!seen.has(period)) kept.push(one);
    seen.add(period);
  }
  return kept;
}
