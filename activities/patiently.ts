/** For work that an activity cannot leave to its next attempt: what may pass is waited for here. */
import { setTimeout as delay } from 'node:timers/promises';
import { isHoldfastError } from '../domain/errors';

const firstPauseMs = 500;
const longestPauseMs = 10_000;
const enoughMs = 15 * 60_000;

/**
 * Tries again what says of itself that this may help, for a quarter of an hour.
 * @throws what the last try threw; the signal's abort
 */
export async function patiently<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const since = Date.now();
  for (let pause = firstPauseMs; ; pause = Math.min(pause * 1.7, longestPauseMs)) {
    try {
      signal.throwIfAborted();
      return await work();
    } catch (error) {
      if (!isHoldfastError(error) || !error.retryable || Date.now() - since > enoughMs) throw error;
      await delay(pause, undefined, { signal });
    }
  }
}
