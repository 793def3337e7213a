/** A moment that a restore can be asked for: drawn from the recoverable intervals, longer ones more often. */
import { formatInstant, parseInstant } from '../instant';
import type { RecoverableInterval } from '../recoverable';
import type { Chance } from './seeded';

/** RFC 3339 with microseconds; undefined when there is no interval. */
export function drawMoment(intervals: Pick<RecoverableInterval, 'from' | 'to'>[], chance: Chance): string | undefined {
  const spans = intervals.map(({ from, to }) => {
    const begin = parseInstant(from);
    return { begin, length: parseInstant(to) - begin };
  });
  const first = spans[0];
  if (first === undefined) return undefined;
  const total = spans.reduce((sum, { length }) => sum + length, 0n);
  let at = (total * BigInt(Math.floor(chance() * 1e9))) / 1_000_000_000n;
  for (const { begin, length } of spans) {
    if (at < length) return formatInstant(begin + at);
    at -= length;
  }
  return formatInstant(first.begin);
}
