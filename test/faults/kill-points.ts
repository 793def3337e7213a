/** The moments to kill at, out of what a run of the procedure really called: a new step joins by itself. */
import type { Moment } from './moments';
import type { CallNote, Note } from './notes';

/** Calls that take longer are cut in their middle too. */
const longMs = 150;

/** Every boundary of every call, and the middle of every long one, in the order of the run. */
export function killPoints(notes: Note[], workflowId: string): Moment[] {
  const calls = notes.filter((one): one is CallNote => one.kind === 'end' && one.workflowId.startsWith(workflowId));
  return calls.flatMap(({ activity, nth, ms = 0 }): Moment[] => [
    { when: 'before', activity, nth },
    ...(ms >= longMs ? [{ when: 'middle' as const, activity, nth, afterMs: Math.round(ms / 2) }] : []),
    { when: 'after', activity, nth },
  ]);
}

/** So many of them, chosen by the seed, in their order. */
export function sampleOf<T>(items: T[], count: number, seed: number): T[] {
  const random = randomFrom(seed);
  const ranked = items.map((item, at) => ({ item, at, rank: random() })).sort((a, b) => a.rank - b.rank);
  return ranked
    .slice(0, count)
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

/** mulberry32: small, and the same on every machine. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
