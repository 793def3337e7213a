/**
 * Strategy `growing`: of what no rule keeps one of each period stays, and periods double with age, from a day on. They nest, and of each the oldest
 * stays: when two become one, what stays is there already. The number grows with the logarithm of the age.
 */
import type { Ordered } from './order';

const day = 24 * 3600_000;

/** @param list newest first */
export function everFurtherApart(list: Ordered[], now: number): Ordered[] {
  const oldest = new Map<string, Ordered>();
  for (const one of list) {
    const octave = Math.max(0, Math.floor(Math.log2(Math.max(1, (now - one.at) / day))));
    oldest.set(`${octave}/${Math.floor(one.at / (day * 2 ** octave))}`, one);
  }
  return [...oldest.values()];
}
