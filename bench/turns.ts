/**
 * Contenders run by turns, so that a machine that gets slower or busier meets all of them alike.
 * What is written is flushed to disk between runs, outside the measured time, and a pause follows: a virtual machine gives freed
 * memory back to its host after about two seconds, and files that are written into memory still at hand are written several times
 * faster. Without the pause whoever writes soonest after the clearing up would be given what the others have to fetch.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { median, rounded } from './row';
import { timed } from './timed';

export interface Turn<Result> {
  name: string;
  run(): Promise<Result>;
  /** Removes what the run left; not measured. */
  clean?(): Promise<void>;
}

const settleMs = 4000;

/** Results of each, one a round. */
export async function takeTurns<Result, One extends Turn<Result>>(
  all: One[],
  rounds: number,
  tell: (round: number, one: One, result: Result) => void,
): Promise<Map<One, Result[]>> {
  const results = new Map<One, Result[]>(all.map((one) => [one, []]));
  for (let round = 1; round <= rounds; round++) {
    for (const one of all) {
      await timed('sync');
      await delay(settleMs);
      const result = await one.run();
      results.get(one)?.push(result);
      tell(round, one, result);
      await one.clean?.();
    }
  }
  return results;
}

/** Of each figure that any of them has. */
export function medians(figures: Record<string, number>[]): Record<string, number> {
  const keys = [...new Set(figures.flatMap((one) => Object.keys(one)))];
  const valuesOf = (key: string) => figures.flatMap((one) => one[key] ?? []);
  return Object.fromEntries(keys.map((key) => [key, rounded(median(valuesOf(key)))]));
}
