import { setTimeout as sleep } from 'node:timers/promises';

export interface RetryOptions {
  /** A failure that trying again cannot mend. */
  isFatal: (error: unknown) => boolean;
  /** Told only when trying again at once did not help: until then it may be a hiccup. */
  onFailure: (error: unknown) => void;
  signal: AbortSignal;
  /** How often a failure is met by trying again after the delay, before it is told. */
  retries?: number;
  retryDelayMs?: number;
  /** Milliseconds of a clock that only goes forward. */
  now?: () => number;
}

/** Runs a few pieces of work at a time, in the order they were given; each is tried again, ever more slowly, until it is done. */
export class Lanes {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(
    private readonly width: number,
    private readonly options: RetryOptions,
  ) {}

  /** Whether work given now would begin at once. */
  get free(): boolean {
    return this.running < this.width;
  }

  /** Rejects only with a fatal failure or when the signal is aborted. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.free) this.running++;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    try {
      return await untilDone(work, this.options);
    } finally {
      // A lane is handed over, so that nobody slips in between.
      const next = this.waiting.shift();
      if (next) next();
      else this.running--;
    }
  }
}

/** A request that nobody answers takes so long that a few of them are no hiccup any more. */
const hiccupMs = 10_000;

export async function untilDone<T>(work: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { retries = 0, retryDelayMs = 0, signal, now = () => performance.now() } = options;
  const hiccupEnds = now() + retries * retryDelayMs + hiccupMs;
  for (let attempt = 0; ; attempt++) {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      if (options.isFatal(error)) throw error;
      const failing = attempt - retries;
      if (failing >= 0 || now() > hiccupEnds) options.onFailure(error);
      await sleep(failing < 0 ? retryDelayMs : Math.min(5000, 100 * 2 ** failing), undefined, { signal });
    }
  }
}
