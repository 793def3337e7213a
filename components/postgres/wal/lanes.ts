import { setTimeout as sleep } from 'node:timers/promises';

export interface RetryOptions {
  /** A failure that trying again cannot mend. */
  isFatal: (error: unknown) => boolean;
  onFailure: (error: unknown) => void;
  signal: AbortSignal;
}

/** Runs a few pieces of work at a time, in the order they were given; each is tried again, ever more slowly, until it is done. */
export class Lanes {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(
    private readonly width: number,
    private readonly options: RetryOptions,
  ) {}

  /** Rejects only with a fatal failure or when the signal is aborted. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.running >= this.width) await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.running++;
    try {
      return await untilDone(work, this.options);
    } finally {
      this.running--;
      this.waiting.shift()?.();
    }
  }
}

export async function untilDone<T>(work: () => Promise<T>, options: RetryOptions): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    options.signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      if (options.isFatal(error)) throw error;
      options.onFailure(error);
      await sleep(Math.min(5000, 100 * 2 ** attempt), undefined, { signal: options.signal });
    }
  }
}
