/** A Temporal server that has just begun to accept connections may refuse for a moment what it is about to be able to do. */
import { setTimeout as delay } from 'node:timers/promises';

/** gRPC: unknown, deadline exceeded, not found (the namespace), resource exhausted, aborted, internal, unavailable. */
const passing = new Set([2, 4, 5, 8, 10, 13, 14]);
const everyMs = 200;

/** Asks again until it succeeds, is refused for another reason, or the time is over: then the last refusal is thrown. */
export async function whenReady<T>(ask: () => Promise<T>, withinMs = 30_000): Promise<T> {
  for (const deadline = Date.now() + withinMs; ; await delay(everyMs)) {
    try {
      return await ask();
    } catch (error) {
      if (!isPassing(error) || Date.now() >= deadline) throw error;
    }
  }
}

/** The SDK wraps what gRPC says, sometimes twice. */
function isPassing(error: unknown): boolean {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const { code } = at as { code?: unknown };
    if (typeof code === 'number') return passing.has(code);
  }
  return false;
}
