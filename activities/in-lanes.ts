/**
 * Works through items a few at a time; the results are in the order of the items.
 *
 * Guaranteed: after a failure nothing new is begun, and what is under way is waited for, so that nothing of a failed attempt
 * still runs when the next one begins; the first failure is what comes out.
 */
export async function inLanes<T, R>(items: readonly T[], width: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const failures: unknown[] = [];
  const lane = async () => {
    for (let at = next++; at < items.length && failures.length === 0; at = next++) {
      try {
        results[at] = await work(items[at] as T);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: width }, lane));
  if (failures.length > 0) throw failures[0];
  return results;
}

/** Packs of one run in work at once: one on its way to or from the store while another is on a thread. */
export const packsAtOnce = 2;
