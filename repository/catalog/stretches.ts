/** A long listing, several stretches of it beside each other: a service tells a thousand names in an answer, and each answer is asked for by the one before. */
import type { Store, StoredObject } from '../store';
import { forEach } from './each';

export interface Stretch {
  /** Exclusive; absent: from the beginning. */
  after?: string;
  /** Inclusive; absent: to the end. */
  until?: string;
}

/** Requests for names, each of which the service has to gather. */
export const listsAtOnce = 4;
const names = 2000;

/** @param known keys that are likely there, in any order: they say where to cut, and nothing depends on them */
export function stretchesOf(store: Store, known: string[]): Stretch[] {
  // A directory is read whole for each.
  if (store.kind === 'dir' || known.length < 2 * names) return [{}];
  const sorted = known.toSorted();
  const cuts: string[] = [];
  for (let at = names; at < sorted.length; at += names) cuts.push(sorted[at - 1] ?? '');
  return cutAt(cuts);
}

export function cutAt(cuts: string[]): Stretch[] {
  return [undefined, ...cuts].map((after, at) => ({ after, until: cuts[at] }));
}

/** In no order. */
export async function listStretches(
  store: Store,
  prefix: string,
  stretches: Stretch[],
  take: (object: StoredObject) => void,
  signal?: AbortSignal,
): Promise<void> {
  await forEach(stretches, listsAtOnce, async ({ after, until }) => {
    for await (const object of store.list(prefix, { after, signal })) {
      if (until === undefined || object.key <= until) take(object);
      // Not one answer more, to see that the next stretch has begun.
      if (until !== undefined && object.key >= until) return;
    }
  });
}
