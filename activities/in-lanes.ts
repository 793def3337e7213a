/**
 * Works through items a few at a time; the results are in the order of the items.
 *
 * Guaranteed: after a failure nothing new is begun, and what is under way is waited for, so that nothing of a failed attempt
 * still runs when the next one begins; the first failure is what comes out.
 */
export async function inLanes<T, R>(items: readonly T[], slots: Slots, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const failures: unknown[] = [];
  const one = async () => {
    const at = next++;
    if (at >= items.length || failures.length > 0) return;
    try {
      results[at] = await work(items[at] as T);
    } catch (error) {
      failures.push(error);
    }
  };
  const lane = async () => {
    while (next < items.length && failures.length === 0) await slots.hold(one);
  };
  await Promise.all(Array.from({ length: slots.count }, lane));
  if (failures.length > 0) throw failures[0];
  return results;
}

/**
 * Places for work, first come, first served. All runs of a process share those of its packs: memory is bounded by their number,
 * and a run that is alone (the last of a backup, mostly) has them all.
 */
export class Slots {
  private held = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(readonly count: number) {}

  async hold<R>(work: () => Promise<R>): Promise<R> {
    const leave = await this.take();
    try {
      return await work();
    } finally {
      leave();
    }
  }

  /** A place until the returned function is called, once. */
  async take(): Promise<() => void> {
    if (this.held < this.count) this.held++;
    else await new Promise<void>((go) => this.waiting.push(go));
    return () => {
      // Handed on, not given back: nobody comes in between.
      const next = this.waiting.shift();
      if (next) next();
      else this.held--;
    };
  }
}
