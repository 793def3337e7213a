/**
 * Runs contenders by turns, so that a machine that gets slower or busier meets all of them alike, and takes medians.
 * What is written is flushed to disk between runs, outside the measured time, and a pause follows: a virtual machine gives freed
 * memory back to its host after about two seconds, and files that are written into memory still at hand are written several times
 * faster. Without the pause whoever writes soonest after the clearing up would be given what the others have to fetch.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { median, type Row, rounded } from './row';
import { timed } from './timed';

export interface Measured {
  seconds: number;
  /** Whatever else is worth telling; medians of it go into the row's details. */
  more?: Record<string, number>;
}

export interface Contender {
  name: string;
  run(): Promise<Measured>;
  /** Removes what the run left; not measured. */
  clean?(): Promise<void>;
}

export interface Contest {
  work: string;
  ours: Contender;
  peers: Contender[];
  /** The plain pipeline. */
  limit?: Contender;
  missing: string[];
  rounds: number;
  /** Source bytes that each of them works on; asked for after the first round. */
  bytes: () => number;
  say: (line: string) => void;
}

const settleMs = 4000;

export async function contest({ work, ours, peers, limit, missing, rounds, bytes, say }: Contest): Promise<Row> {
  const all = [ours, ...peers, ...(limit ? [limit] : [])];
  const results = new Map<Contender, Measured[]>(all.map((one) => [one, []]));
  for (let round = 1; round <= rounds; round++) {
    for (const one of all) {
      await timed('sync');
      await delay(settleMs);
      const measured = await one.run();
      results.get(one)?.push(measured);
      say(`${work}, round ${round}: ${one.name} ${measured.seconds.toFixed(2)} s`);
      await one.clean?.();
    }
  }
  const rate = (one: Contender) => rounded(bytes() / 1e6 / median(seconds(results, one)));
  return {
    work,
    ours: rate(ours),
    unit: 'MB/s',
    peers: Object.fromEntries(peers.map((one) => [one.name, rate(one)])),
    ...(limit ? { limit: rate(limit) } : {}),
    missing,
    details: {
      source: { bytes: bytes(), rounds },
      ...Object.fromEntries(all.map((one) => [one.name, medians(results.get(one) ?? [])])),
    },
  };
}

function seconds(results: Map<Contender, Measured[]>, one: Contender): number[] {
  return (results.get(one) ?? []).map((measured) => measured.seconds);
}

function medians(measured: Measured[]): Record<string, number> {
  const flat = measured.map((one) => ({ seconds: one.seconds, ...one.more }));
  const keys = [...new Set(flat.flatMap((one) => Object.keys(one)))];
  const valuesOf = (key: string) => flat.flatMap((one) => (one as Record<string, number>)[key] ?? []);
  return Object.fromEntries(keys.map((key) => [key, rounded(median(valuesOf(key)))]));
}
